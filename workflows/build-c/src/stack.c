#include "stack.h"

#include <stdio.h>
#include <stdlib.h>

static double values[64];
static int depth;

void push(double value) {
  if (depth == 64) {
    fputs("rpn: stack is full\n", stderr);
    exit(1);
  }
  values[depth++] = value;
}

double pop(void) {
  if (depth == 0) {
    fputs("rpn: stack is empty\n", stderr);
    exit(1);
  }
  return values[--depth];
}
