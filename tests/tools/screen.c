/*
 * screen ROWS COLUMNS <OUTPUT
 *
 * Prints what a terminal of that size shows in the end, and above it what has scrolled out: it knows
 * line feed, carriage return, backspace, the cursor going up, and what is erased behind it. Any other
 * sequence is a failure, as is no lesser terminal's.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 20000, WIDTH = 1000 };

static char shown[LINES][WIDTH + 1];
static size_t rows, columns;
static size_t row, column, last; /* last: the lowest row that was reached */

static void
feed(void)
{
	if (++row == LINES)
		exit(1);
	if (row > last)
		last = row;
}

static void
put(char c)
{
	if (column == columns) {
		column = 0;
		feed();
	}
	for (size_t i = strlen(shown[row]); i < column; i++)
		shown[row][i] = ' ';
	shown[row][column++] = c;
}

static void
erase(void)
{
	for (size_t i = column; i < WIDTH; i++)
		shown[row][i] = '\0';
}

static void
sequence(void)
{
	size_t number = 0, top = last + 1 > rows ? last + 1 - rows : 0;
	int c = getchar();

	if (c != '[')
		exit(1);
	while (isdigit(c = getchar()))
		number = number * 10 + (size_t)(c - '0');
	switch (c) {
	case 'A':
		number = number ? number : 1;
		row = row > top + number ? row - number : top;
		break;
	case 'K': erase(); break;
	case 'J':
		erase();
		for (size_t i = row + 1; i <= last; i++)
			memset(shown[i], 0, WIDTH);
		break;
	default: fprintf(stderr, "screen: what is 'ESC [ %c'?\n", c); exit(1);
	}
}

int
main(int argc, char **argv)
{
	int c;

	if (argc != 3)
		return 2;
	rows = strtoul(argv[1], NULL, 10);
	columns = strtoul(argv[2], NULL, 10);
	if (rows == 0 || columns == 0 || columns > WIDTH)
		return 2;
	while ((c = getchar()) != EOF)
		switch (c) {
		case '\n': feed(); break;
		case '\r': column = 0; break;
		case '\b': column -= column > 0; break;
		case '\033': sequence(); break;
		default: put((char)c);
		}
	while (last > 0 && !shown[last][0])
		last--;
	for (size_t i = 0; i <= last; i++)
		puts(shown[i]);
	return 0;
}
