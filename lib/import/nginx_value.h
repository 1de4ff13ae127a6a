/*
 * The values that a variable of nginx's configuration can have where a directive stands: those that
 * `set` lines give it there, and those of `map`, `geo` and `split_clients`.
 */
#ifndef VCAP_NGINX_VALUE_H
#define VCAP_NGINX_VALUE_H

#include "base/strvec.h"
#include "import/nginx_tree.h"

/* Appends the values of the variable `$NAME` at the node to values, each once, as the configuration
 * has them: they may have variables in turn. Returns 0, or -1 if it may have others as well. */
int nginx_value_find(const struct nginx_node *node, const char *name, struct strvec *values);

/* The first variable of text, `$NAME` or `${NAME}`: writes `$NAME` to name (of size bytes) and returns
 * where it stands; *end is behind it. NULL: there is none, or the name has no room. */
const char *nginx_value_first(const char *text, char *name, size_t size, const char **end);

#endif
