#include "transactions/confidence.h"

const char *
confidence_name(enum confidence confidence)
{
	switch (confidence) {
	case CONFIDENCE_CLIENT: return "client";
	case CONFIDENCE_HEADER: return "header";
	case CONFIDENCE_SEQUENCE: return "sequence";
	case CONFIDENCE_TABLE: return "table";
	case CONFIDENCE_PROXY: return "proxy";
	default: return "?";
	}
}
