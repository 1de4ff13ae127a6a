/*
 * The words of a command line, taken one after the other from the front of a NULL-ended list, and
 * options that a controller gives to vcap-run on an engine and to vcap-region alike. Pure.
 */
#ifndef VCAP_GATE_WORDS_H
#define VCAP_GATE_WORDS_H

#include <stdbool.h>

/* What is refused where only headers may be kept. */
#define GATE_WORDS_PAYLOAD "a capture without -s headers"

/* Takes the next word if it is this one, or of that kind. */
bool gate_words_take(char *const **next, const char *word);
bool gate_words_take_some(char *const **next, bool (*is_kind)(const char *word));

/* Whether word limits a capture: -bN, -cN, -tTIME, and without headers_only -sN. */
bool gate_words_is_limit(const char *word, bool headers_only);

/* Whether word tells what a capture is called, --token=TOKEN, or who asked for it, --by=WORD. */
bool gate_words_is_token(const char *word);
bool gate_words_is_by(const char *word);

/* Whether word is a mode of -m. */
bool gate_words_is_mode(const char *word);

#endif
