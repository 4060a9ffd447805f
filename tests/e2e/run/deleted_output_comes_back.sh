# A deleted output is restored from the repository, not computed again.
chain
ok provrun run
ran > /dev/null
cp b.txt b.was
rm b.txt
js run
expect_ran
expect_same b.txt b.was
expect_summary executed=0 reused=1 up_to_date=3
expect_json '.[]|select(.step=="b")|.reason.kind == "output_missing"'
