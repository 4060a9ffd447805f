# find: every version once with the snapshots that have it, and the cache that makes it quick is only a cache.
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: n, outputs: [out/x.csv, out/deep/Readme.TXT], run: "mkdir -p out/deep; cat n > out/x.csv; echo r > out/deep/Readme.TXT; touch -d 2001-02-03T04:05:06Z out/x.csv out/deep/Readme.TXT"}
YAML
for n in 1 1000 1000 1; do
  echo $n > n
  ok provrun run -B
done
js find x.csv
expect_json '[.[]|select(.type=="match")] | length == 3 and all(.path == "out/x.csv")
  and map(.snapshots) == [1, 2, 1] and map(.size) == [2, 5, 2] and .[1].first != .[1].last'
expect_summary matches=3 snapshots=4 damaged=0
js find 'out/**/*.TXT'
expect_summary matches=1
expect_json '.[0].path == "out/deep/Readme.TXT" and .[0].snapshots == 4'
js find -i 'readme*'
expect_summary matches=1
js find 'readme*'
expect_summary matches=0
ok provrun find 'readme*'
expect_err 'provrun: nothing in 4 snapshots matches'
js find 'deep/*'
expect_summary matches=0
js find --type d --type f 'dee[p]'
expect_json '.[0].path == "out/deep" and .[0].kind == "directory" and .[0].snapshots == 4'
js find x.csv --larger 3
expect_summary matches=1
js find x.csv --smaller 2 --older 2001-02-04 --newer 2001-02-03
expect_summary matches=2
js find x.csv --newer 1h
expect_summary matches=0
js find --content "$(printf '1000\n' | sha256sum | cut -c -64)"
expect_json '[.[]|select(.type=="match").path] | unique == ["n", "out/x.csv"]'
js find x.csv -s latest -s latest~1
expect_summary matches=2 snapshots=2
js find x.csv --run none
expect_summary matches=0 snapshots=0
ok provrun find out/x.csv -s latest
sed -E -i 's/in [0-9a-f]{16} [0-9-]+ [0-9:]+/WHERE/' "$out"
expect_out '-0644         2 B  2001-02-03T04:05:06  out/x.csv  WHERE'
# The cache: gone, cut short or not ours, the answer is the same.
cache=$(find "$HOME/.cache/provrun/trees" -type f)
for damage in 'rm "$cache"' 'truncate -s -1 "$cache"' 'truncate -s 0 "$cache"' 'head -c 2000 /dev/urandom > "$cache"' \
    'printf "\377\377\377\377" | dd of="$cache" bs=1 seek=20 conv=notrunc status=none'; do
  eval "$damage"
  js find x.csv
  expect_summary matches=3 snapshots=4
done
fails 2 provrun find
expect_err "provrun: error: find needs a PATTERN
hint: 'provrun help find' lists what it takes"
fails 2 provrun find x --type q
expect_err "provrun: error: --type takes f, d, l, p, s, b or c, not 'q'
hint: 'provrun help find' lists what it takes"
fails 2 provrun find x --newer soon
expect_err "provrun: error: --newer takes a time (2026-08-01T12:00) or an age (7d), not 'soon'
hint: 'provrun help find' lists what it takes"
fails 6 provrun find x -s nothing
