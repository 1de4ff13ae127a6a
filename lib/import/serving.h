/*
 * What serves on a host: a script finds the load balancers that run there and prints the configuration
 * of each, behind a line that says which kind it is.
 */
#ifndef VCAP_SERVING_H
#define VCAP_SERVING_H

#include <stdbool.h>

#define SERVING_KIND_MAX 32

/* For `sh -c`. */
extern char serving_script[];

/* The next configuration of what the script has printed, on the heap (NULL: out of memory), and its
 * kind; *text is moved behind it. false: there is none left. */
bool serving_next(const char **text, char kind[SERVING_KIND_MAX], char **configuration);

#endif
