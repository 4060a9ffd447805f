# A recipe that fails is recorded as failed, one whose failure make ignores is not; a make that is not there is 127.
traced_or_skip
cat > Makefile <<'MAKE'
all: good bad worse gone ignored_then ends_ignored
good: ; @echo good > good
bad: good ; @cat good; exit 3
worse: ; @kill -9 $$$$
gone: ; @no-such-program-at-all
ignored:
	-@false
	@echo x > ignored
ends_ignored: ; -@exit 4
ignored_then: ignored ends_ignored ; @cat ignored > ignored_then
MAKE
run provrun --json make -k
expect_exit 2
valid
expect_steps 'good executed' 'bad failed' 'worse failed' 'gone failed' 'ignored executed' 'ends_ignored executed' \
  'ignored_then executed' 'make failed'
expect_json '[.[]|select(.type=="step" and .step=="bad")][0]|.exit_code == 3 and .failure == "failed with exit code 3"'
expect_json '[.[]|select(.type=="step" and .step=="gone")][0].failure == "its command was not found"'
expect_json '[.[]|select(.type=="step" and .step=="worse")][0].failure|startswith("was ended by ")'
expect_summary state=failed executed=4 failed=4 exit_code=2
js log
expect_json '.[0].state == "failed"'
run provrun --json make ends_ignored
expect_exit 0
expect_steps 'ends_ignored executed' 'make executed'
mkdir bin
for tool in sh env; do ln -s "$(command -v $tool)" bin/; done
last='provrun make without make'
PATH=$PWD/bin "$PROVRUN" make > "$out" 2> "$err"
code=$?
expect_exit 127
has "$err" 'make: command not found'
# What is not make's stands before it.
fails 2 provrun --trace nonsense make
has "$err" "--trace is auto, off or a mechanism (preload+notify, notify), not 'nonsense'"
fails 2 provrun -n make
# Without observing it is one execution, and that is said.
ok provrun --trace off make good -B
has "$err" 'provrun: make is recorded as one execution: observing was switched off'
js show latest
expect_json '[.[]|select(.type=="execution")|.step] == ["make"]'
ok provrun --require traced --trace notify make -B -s good
js show latest
expect_json '[.[]|select(.type=="execution" and .step=="good")][0]|.grade == "traced" and .observation.mechanism == "notify"'
