/*
 * JSON, by libjansson, whose header only this one includes.
 */
#ifndef VCAP_JSON_H
#define VCAP_JSON_H

#include <jansson.h>
#include <string.h>

/* The string at key; "" if there is none. */
static inline const char *
json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* What is at a path of keys with dots between them; NULL: nothing. */
static inline json_t *
json_at(const json_t *object, const char *path)
{
	json_t *at = (json_t *)object;

	while (at && *path) {
		const size_t length = strcspn(path, ".");

		at = json_object_getn(at, path, length);
		path += length + (path[length] == '.');
	}
	return at;
}

#endif
