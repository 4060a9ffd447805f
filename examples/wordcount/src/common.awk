# Reads files of "count<TAB>word" and prints the words that stand in every file, as a table with one column
# a file and the sum last: the `top` most frequent, ties by the alphabet.
FNR == 1 {
  files++
  name = FILENAME
  sub(/.*\//, "", name)
  sub(/\.counts$/, "", name)
  title[files] = name
}
{
  n[$2, files] = $1
  sum[$2] += $1
  seen[$2]++
}
END {
  printf "word"
  for (f = 1; f <= files; f++) printf "\t%s", title[f]
  print "\tsum"
  for (w in seen) if (seen[w] == files) shared[++count] = w
  for (row = 1; row <= count && row <= top; row++) {
    best = row
    for (i = row + 1; i <= count; i++)
      if (sum[shared[i]] > sum[shared[best]] ||
          (sum[shared[i]] == sum[shared[best]] && shared[i] < shared[best])) best = i
    w = shared[best]; shared[best] = shared[row]; shared[row] = w
    printf "%s", w
    for (f = 1; f <= files; f++) printf "\t%d", n[w, f]
    printf "\t%d\n", sum[w]
  }
}
