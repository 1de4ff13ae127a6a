/*
 * What a release of vcap on an engine is able to do for a controller, a word each: `vcap-host check`
 * and the status of a capture have the line `abilities WORD...`. A controller leaves out what an
 * engine lacks. Pure.
 */
#ifndef VCAP_ABILITIES_H
#define VCAP_ABILITIES_H

/* Add a word at the end; none is ever removed. An engine of 0.1.0 says none and has none. */
#define ABILITIES                                                               \
	"token "   /* vcap-run --token, and requests by it */                   \
	"answer "  /* vcap-host answer */                                       \
	"by "      /* vcap-run --by: who asked for the capture */               \
	"audit "   /* vcap-run --audit: what cannot be logged does not start */ \
	"follow "  /* vcap-host follow */                                       \
	"rolling " /* vcap-run --rolling, vcap-host snapshot */                 \
	"trial "   /* vcap-host trial */                                        \
	"losses "  /* vcap-host losses */                                       \
	"on "      /* vcap-run --on: what is watched for */                     \
	"tunnels " /* services with `server ... via` */                         \
	"drops"    /* vcap-run --drops */

/* The words of ours that are not among those of said (NULL: none), with ", " between them; empty:
 * none is lacking. said may hold anything: nothing of it is in the result. Heap; NULL: out of
 * memory. */
char *abilities_lacking(const char *ours, const char *said);

#endif
