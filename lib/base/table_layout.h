/*
 * What a table for people needs to know of the terminal it is printed on.
 */
#ifndef VCAP_TABLE_LAYOUT_H
#define VCAP_TABLE_LAYOUT_H

#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal behind out, or what the variable COLUMNS says; 0: any number. */
size_t table_layout_room(FILE *out);

/* Columns that harmless text (text.h) takes. */
size_t table_layout_width(const char *text);

/* Writes text in lines of at most room columns, indented, broken between words only. */
void table_layout_wrap(FILE *out, const char *text, size_t room);

#endif
