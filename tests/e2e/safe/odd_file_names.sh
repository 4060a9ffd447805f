# Blanks, quotes, newlines, non-UTF-8 bytes and a leading dash in file names.
bad=$(printf 'n\377.txt')
mkdir odd
printf 1 > "odd/-dash it's.txt"
printf 2 > "odd/$bad"
printf 3 > "odd/new
line.txt"
pipeline <<'YAML'
provrun: 1
name: odd
steps:
  s: {inputs: odd/, outputs: copy/, run: "mkdir -p copy; cp odd/* copy/"}
YAML
ok provrun run
js show latest
ok provrun restore --run latest --into there
expect_same "there/copy/-dash it's.txt" "odd/-dash it's.txt"
expect_same "there/copy/$bad" "odd/$bad"
