# With --json standard output has nothing but objects: not what a recorded command prints, and not the bytes
# of a stored file.
head -c 100000 /dev/urandom > big.bin
: > empty
run provrun --json exec -i big.bin -o empty -- sh -c 'echo said; echo warned >&2'
expect_exit 0
valid
[ "$(wc -l < "$out")" = 1 ] || fail 'more than the summary'
has "$err" said
has "$err" warned
js cat latest:big.bin
expect_json '.[-1] | .type == "summary" and .bytes == 100000'
expect_json '[.[]|select(.type=="bytes")|.offset] | .[0] == 0 and length > 1'
jq -r 'select(.type=="bytes")|.base64' "$out" | while read -r piece; do echo "$piece" | base64 -d; done > back
expect_same back big.bin
js cat latest:empty
expect_json 'length == 1 and .[0].bytes == 0'
