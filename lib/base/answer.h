/*
 * An answer that can be told from what is printed before it: a login shell, or whatever else reaches
 * an engine, may print what it likes before the command runs. `vcap-host answer NONCE -- COMMAND...`
 * prints the line `vcap-answer NONCE` and becomes COMMAND.
 */
#ifndef VCAP_ANSWER_H
#define VCAP_ANSWER_H

#include "base/failure.h"

#include <stddef.h>

#define ANSWER_BEFORE (64u << 10) /* bytes that may stand before the line */
#define ANSWER_NONCE  17          /* bytes of a random word, with the NUL */
#define ANSWER_MARK   40          /* bytes of the line, with its newline and a NUL */

/* Draws a word that nothing else on the way knows (parse_is_token). -1 with why: there is no
 * randomness. */
int answer_draw(char nonce[ANSWER_NONCE], struct failure *why);

/* Writes the line, with its newline, to mark. Returns its length. */
size_t answer_mark(const char *nonce, char mark[ANSWER_MARK]);

/* Whose rights the command gets: the caller's, or those that sudo gives (cli_is_for_another). */
enum answer_rights { ANSWER_CALLER, ANSWER_SUDO };

/* Prints the line on standard output, unless the command (NULL-ended) is none that is answered for:
 * vcap-run, vcap-merge, vcap-region but not with sudo's rights, and vcap-host with another request
 * than this. Returns EXIT_DONE, or with why EXIT_MISUSE for another command or nonce, EXIT_FAILED if
 * the line could not be written. */
int answer_begin(const char *nonce, char *const *command, enum answer_rights rights,
		 struct failure *why);

/* Executes the command (NULL-ended) in place of this process. It is found as this program was, on PATH if
 * by its name, beside it if by a path, and beside its file by sudo. Returns only on failure, with why:
 * EXIT_NOT_FOUND or EXIT_NOT_EXECUTABLE. */
int answer_execute(char *const *command, enum answer_rights rights, struct failure *why);

#endif
