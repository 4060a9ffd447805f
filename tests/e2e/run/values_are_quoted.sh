# A value with blanks, quotes and a dollar sign is one word; :raw is not quoted.
pipeline <<'YAML'
provrun: 1
name: quoting
params: {odd: "it's $HOME; echo \"no\"", words: "a  b"}
steps:
  s:
    outputs: "with space.txt"
    run: |
      printf '%s\n' {params.odd} > {outputs}
      printf '%s\n' {params.words:raw} >> {outputs}
YAML
ok provrun run
expect_file 'with space.txt' "it's \$HOME; echo \"no\"
a
b"
