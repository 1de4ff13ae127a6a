/*
 * Why a command for an engine failed, in one line, from what it wrote to standard error. The
 * command itself is not all that writes there: so do ssh, kubectl and whatever else reaches the
 * engine, and banners. Pure.
 */
#ifndef VCAP_REASON_H
#define VCAP_REASON_H

/*
 * argv is the command that ran here (NULL-ended), status its exit status, errors its standard
 * error. The reason is the last line that begins with the name of the command on the engine (what
 * vcap-on was asked for, else argv[0]) and `: `; else the last line that is not the transport's own
 * word for a command that failed. What ssh says of a host key that it does not accept, in many
 * lines, is told in one, with what to do. EXIT_TIMEOUT is "no answer in time", or what vcap-on says that came in its place.
 *
 * Heap; empty if there is no line; NULL: out of memory.
 */
char *reason_find(char *const *argv, int status, const char *errors);

#endif
