# provrun inside of a step, of an exec'd script and of a recipe: nobody waits for the other, exit codes are kept, and what the
# inner command uses belongs to the outer one, which sees it. An inner make's recipes are told apart in the outer make's run.
traced_or_skip
echo hi > a
cat > Makefile <<'MAKE'
all: x y
	@cat x y > all
x: a ; @$(PROVRUN) -q exec -- cp a x
y: a ; +@$(PROVRUN) -q make -s -f inner.mk y
fails: ; @$(PROVRUN) -q exec -- sh -c 'exit 7'
MAKE
printf 'y: z ; cp z y\nz: a ; cp a z\n' > inner.mk
run provrun --json make -s
expect_exit 0
valid
expect_json '[.[]|select(.type=="step")|.step]|sort == ["all","make","x","y","y#2","z"]'
js lineage up all
expect_json "[.[]|select(.relation==\"generated\")|.path]|contains([\"all\",\"x\",\"y\",\"z\"])"
fails 2 provrun make fails
has "$err" 'make: *** [Makefile:5: fails] Error 7'
pipeline <<YAML
provrun: 1
steps:
  s: {inputs: a, outputs: s.txt, run: "$PROVRUN -q exec -- cp a s.txt"}
  m: {inputs: a, outputs: m.txt, run: "$PROVRUN -q make -s -f m.mk m.txt"}
  e: {outputs: e.txt, run: "$PROVRUN -q exec -- sh -c 'exit 9' || echo \$? > e.txt"}
YAML
printf 'm.txt: a ; cp a m.txt\n' > m.mk
ok provrun run
expect_file e.txt 9
js show "$(provrun log --json | jq -r 'select(.type=="run" and .workflow=="pipeline").run' | head -n 1)"
expect_json '[.[]|select(.type=="execution" and .step=="s")][0]|.grade == "traced" and (.inputs|any(.path=="a"))'
expect_json '[.[]|select(.type=="execution" and .step=="m")][0].observation.undeclared_inputs == ["m.mk"]'
ok provrun run
has "$err" 'nothing to do'
cat > script.sh <<'SH'
"$PROVRUN" -q exec -- cp a from_script && "$PROVRUN" -q make -s -f m.mk -B m.txt
exit 5
SH
fails 5 provrun exec -- sh script.sh
js show "$(provrun log --json | jq -r 'select(.type=="run" and .workflow=="exec sh").run' | head -n 1)"
expect_json '[.[]|select(.type=="execution")][0]|.outputs|map(.path)|contains(["from_script","m.txt"])'
