# The wordcount example gives what its expected/ folder says; a second run does nothing.
example wordcount
js run pipeline.yaml
expect_summary state=completed executed=11 reused=0 up_to_date=0 failed=0 skipped=0
ok sha256sum -c --quiet expected/SHA256SUMS
expect_same out/page.txt expected/page.txt
js run pipeline.yaml
expect_summary executed=0 reused=0 up_to_date=11 failed=0
