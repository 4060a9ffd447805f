chain
js plan
expect_json '[.[]|select(.type=="step")]|length == 4 and all(.state=="would_run")'
expect_json '[.[]|select(.type=="step")|.step] == ["a","b","c","d"] or ([.[]|select(.type=="step")|.step]|sort) == ["a","b","c","d"]'
ok provrun run
js plan
expect_json '[.[]|select(.type=="step" and .state!="up_to_date")] == []'
sed -i 's/n: 2/n: 1/' pipeline.yaml
js plan
expect_json '.[]|select(.step=="b")|.state=="would_run" and .reason.kind!=null'
expect_json '[.[]|select(.type=="step" and .state=="would_run")|.step]|contains(["b","c"]) and (contains(["a"])|not)'
