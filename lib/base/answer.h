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

/* Prints the line on standard output, and executes the command (NULL-ended): vcap-run, vcap-merge,
 * vcap-region but not with sudo's rights, or vcap-host with another request than this. It is found as
 * this program was, on PATH if by its name, beside it if by a path, and beside its file by sudo. Returns only on
 * failure, with why: EXIT_MISUSE if it is another command, or EXIT_FAILED if the line could not be
 * written; EXIT_NOT_FOUND or EXIT_NOT_EXECUTABLE behind it. */
int answer_execute(const char *nonce, char *const *command, enum answer_rights rights,
		   struct failure *why);

#endif
