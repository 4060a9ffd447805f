# Only {identifier} is a template: awk's braces, ${VAR} and {a,b} reach the shell untouched; {{…}} escapes.
pipeline <<'YAML'
provrun: 1
name: braces
steps:
  s:
    outputs: out.txt
    run: |
      word=shell
      echo 'x y' | awk '{print $2}' > {outputs}
      echo ${word} {a,b} >> {outputs}
      echo '{{outputs}}' >> {outputs}
YAML
ok provrun run
expect_file out.txt 'y
shell a b
{outputs}'
