# doctor says what this machine allows, for people and for programs, and changes nothing.
js doctor
expect_json '[.[]|select(.type=="check")|.name]|index("kernel") != null and index("observing: notify") != null and index("repository") != null'
expect_json 'all(.[]; .state=="ok" or .state=="degraded")'
ok provrun doctor
has "$out" 'observing: notify'
[ ! -e .provrun ] || fail "it made .provrun"
fails 2 provrun doctor everything
fails 1 provrun --repo /nonexistent/repository doctor
has "$out" 'failed    repository'
