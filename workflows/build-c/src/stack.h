#ifndef STACK_H
#define STACK_H

/* A stack of numbers. Both functions end the program when it is full or empty. */
void push(double value);
double pop(void);

#endif
