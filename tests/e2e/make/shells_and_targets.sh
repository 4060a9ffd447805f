# The user's own shell, one shell for all lines, targets in folders, phony and double-colon ones, and members of archives.
traced_or_skip
mkdir -p deep/er
printf 'one\ntwo\n' > in.txt
cat > Makefile <<'MAKE'
SHELL = /bin/bash
.SHELLFLAGS = -euo pipefail -c
.ONESHELL:
.PHONY: all clean
all: deep/er/out.txt
	words=(x y z)
	echo $${words[1]} > all.txt
deep/er/out.txt: in.txt
	@read -r line < $<
	echo "$$line" > $@
twice:: in.txt ; cat in.txt > twice.1
twice:: deep/er/out.txt ; cat deep/er/out.txt > twice.2
lib.a(m.o): m.o ; ar rcs lib.a m.o
m.o: m.c ; cc -c m.c
clean: ; rm -f all.txt
MAKE
run provrun --json make -s
expect_exit 0
valid
expect_json '[.[]|select(.type=="step")|.step] == ["deep/er/out.txt","all","make"]'
expect_file all.txt y
expect_file deep/er/out.txt one
js show deep/er/out.txt
expect_json '[.[]|select(.type=="execution")][0]|.outputs[0].path == "deep/er/out.txt" and .inputs[0].path == "in.txt" and
  (.observation.processes|map(.program)|any(endswith("/bash")))'
# A file of a phony target's name that its recipe does not write is no output of it.
echo there > clean
ok provrun make -s clean twice
rm clean
js show latest
expect_json '[.[]|select(.type=="execution")|.step]|contains(["clean","twice","twice#2"])'
expect_json '[.[]|select(.type=="execution" and .step=="clean")][0].outputs == []'
expect_json '[.[]|select(.type=="execution" and .step=="twice")][0].outputs[].path == "twice.1"'
expect_json '[.[]|select(.type=="execution" and .step=="twice#2")][0].outputs[].path == "twice.2"'
echo 'int m;' > m.c
run provrun --json make -s 'lib.a(m.o)'
expect_exit 0
expect_json '[.[]|select(.type=="step")|.step] == ["m.o","lib.a(m.o)","make"]'
js lineage up lib.a
expect_json '[.[]|select(.relation=="used")|.path]|contains(["m.o","m.c"])'
# What a recipe makes of files that another one of the same run has made is told apart.
printf 'b: a ; cp a b\n\techo more >> a\na: ; echo first > a\n' > two.mk
ok provrun make -s -f two.mk
js show b
first=$(printf 'first\n' | sha256sum | cut -d' ' -f1)
expect_json "[.[]|select(.type==\"execution\")][0]|(.inputs|any(.path==\"a\" and .content==\"sha256:$first\")) and
  (.outputs|any(.path==\"a\" and .content!=\"sha256:$first\")) and (.outputs|any(.path==\"b\" and .content==\"sha256:$first\"))"
js show a
expect_json "[.[]|select(.type==\"execution\")][0].outputs[0].content==\"sha256:$first\""
# The recipe's programs see provrun's variables, and no other ones more.
printf 't: ; @env | grep -v ^_= | sort > env.txt\n' > env.mk
make -s -f env.mk
mv env.txt plain.txt
ok provrun make -s -f env.mk
diff plain.txt env.txt | grep '^[<>]' | sed 's/=.*//' | sort > "$SCRATCH/more"
expect_text "$SCRATCH/more" '> LD_PRELOAD
> MAKEFILES
> PROVRUN_MAKE_TARGET'
