# stdin, stdout, stderr, cwd and shell.
mkdir sub
echo in-the-sub > sub/here.txt
echo hello > in.txt
pipeline <<'YAML'
provrun: 1
name: streams
steps:
  copy:
    inputs: in.txt
    outputs: [copy.txt, complaints.txt]
    stdin: in.txt
    stdout: copy.txt
    stderr: complaints.txt
    run: tr a-z A-Z; echo oops >&2
  below: {cwd: sub, outputs: sub/seen.txt, run: "cat here.txt > seen.txt"}
  plain: {shell: sh, outputs: sh.txt, run: "echo \"${BASH_VERSION:-none}\" > sh.txt"}
YAML
ok provrun run
expect_file copy.txt HELLO
expect_file complaints.txt oops
expect_file sub/seen.txt in-the-sub
