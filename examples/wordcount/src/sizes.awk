# Reads files of one word a line and prints "name<TAB>words<TAB>different words" for each.
FNR == 1 { flush_counts(); name = FILENAME; sub(/.*\//, "", name); sub(/\.words$/, "", name) }
{ words++; if (!($1 in seen)) { seen[$1] = 1; different++ } }
END { flush_counts() }
function flush_counts(w) {
  if (name != "") printf "%s\t%d\t%d\n", name, words, different
  words = different = 0
  for (w in seen) delete seen[w]
}
