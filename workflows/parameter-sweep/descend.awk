# Prints "rate<TAB>steps<TAB>error" after `steps` steps of gradient descent on (x - 3)^2 from 0.
BEGIN {
  for (i = 0; i < steps; i++) x -= rate * 2 * (x - 3)
  printf "%s\t%s\t%.6g\n", rate, steps, (x - 3) * (x - 3)
}
