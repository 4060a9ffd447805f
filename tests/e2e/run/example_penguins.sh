# The penguins example gives what its expected/ folder says, by every path through it.
example penguins
js run pipeline.yaml
expect_summary state=completed executed=12 failed=0 skipped=0
ok sha256sum -c --quiet expected/SHA256SUMS
expect_same out/report.html expected/report.html
js run
expect_summary executed=0 reused=0 up_to_date=12

# A parameter of the models leaves the cleaning alone.
sed -i 's/confidence: 0.95/confidence: 0.99/' pipeline.yaml
js run
expect_json '[.[]|select(.type=="step" and .state=="executed")|.step]|map(startswith("clean"))|any|not'
expect_json '[.[]|select(.type=="step" and .state=="executed" and (.step|startswith("fit")))]|length == 5'

# Taken back: everything comes from the repository.
sed -i 's/confidence: 0.99/confidence: 0.95/' pipeline.yaml
js run
expect_summary executed=0 failed=0
ok sha256sum -c --quiet expected/SHA256SUMS

# One site's table changes: its cleaning and what follows, not the other sites.
sed -i '$d' raw/west-cove.csv
js run
expect_json '[.[]|select(.type=="step" and .state=="executed" and (.step|startswith("clean")))|.step] == ["clean@west-cove"]'
