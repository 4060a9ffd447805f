# Reads "label<TAB>time<TAB>value" lines; prints one line per label, in the order they come.
BEGIN { FS = OFS = "\t"; print "label", "readings", "mean", "high" }
!($1 in n) { order[++labels] = $1 }
{ n[$1]++; sum[$1] += $3; if ($3 > threshold) high[$1]++ }
END { for (i = 1; i <= labels; i++) { l = order[i]; printf "%s\t%d\t%.3f\t%.3f\n", l, n[l], sum[l] / n[l], high[l] / n[l] } }
