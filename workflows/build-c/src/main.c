/* rpn: prints the value of its arguments read as reverse Polish notation, e.g. rpn 1 2 + 4 x */
#include <stdio.h>
#include <stdlib.h>

#include "stack.h"

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    char *end;
    const double number = strtod(argv[i], &end);
    if (end != argv[i]) {
      push(number);
      continue;
    }
    const double right = pop();
    const double left = pop();
    switch (argv[i][0]) {
      case '+': push(left + right); break;
      case '-': push(left - right); break;
      case 'x': push(left * right); break;
      case '/': push(left / right); break;
      default: fprintf(stderr, "rpn: unknown operator %s\n", argv[i]); return 2;
    }
  }
  printf("%g\n", pop());
  return 0;
}
