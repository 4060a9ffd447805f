#include "provrun/engine/step_key.hpp"

#include "support/catch.hpp"

using namespace provrun;

namespace {
engine::KeyParts parts() {
  engine::KeyParts parts;
  parts.run = {"cp a b"};
  parts.shell = {"bash", "-c"};
  parts.directory = ".";
  parts.inputs = {{"a", {hash::sha256("1")}}};
  parts.outputs = {"b"};
  parts.parameters = codec::Json::object({{"alpha", 0.05}});
  parts.environment = {{"LANG", "C"}, {"TZ", std::nullopt}};
  return parts;
}
std::string cause(const engine::KeyParts& changed) {
  const auto reason =
      engine::explain_difference(engine::key_document(parts()), engine::key_document(changed));
  return reason.kind + " " + reason.what + " " + reason.before + " " + reason.after;
}
}  // namespace

TEST_CASE("equal parts give equal keys, every part counts") {
  const auto key = engine::step_key(engine::key_document(parts()));
  CHECK(engine::step_key(engine::key_document(parts())) == key);
  for (int i = 0; i < 10; ++i) {
    auto changed = parts();
    switch (i) {
      case 0:
        changed.run[0] += " ";
        break;
      case 1:
        changed.shell[0] = "sh";
        break;
      case 2:
        changed.directory = "sub";
        break;
      case 3:
        changed.inputs[0].first = "c";
        break;
      case 4:
        changed.inputs[0].second = {hash::sha256("2")};
        break;
      case 5:
        changed.outputs.push_back("d");
        break;
      case 6:
        changed.parameters.set("alpha", 0.1);
        break;
      case 7:
        changed.environment[0].second = "D";
        break;
      case 8:
        changed.environment[1].second = "";
        break;
      case 9:
        changed.stdout_path = "b";
        break;
    }
    INFO(i);
    CHECK(engine::step_key(engine::key_document(changed)) != key);
  }
}

TEST_CASE("a cause is named before its consequences") {
  auto changed = parts();
  changed.parameters.set("alpha", 0.1);
  changed.run = {"cp a b --alpha 0.1"};
  CHECK(cause(changed) == "parameter alpha 0.05 0.1");
  changed = parts();
  changed.environment[0].second = std::nullopt;
  CHECK(cause(changed) == "environment LANG C (unset)");
  changed = parts();
  changed.run = {"mv a b"};
  CHECK(cause(changed) == "command run cp a b mv a b");
  changed = parts();
  changed.inputs.emplace_back("c", core::ContentId{hash::sha256("3")});
  CHECK(cause(changed).starts_with("input_added c"));
  CHECK(cause(parts()) == "   ");
}
