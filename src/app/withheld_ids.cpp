#include "provrun/app/withheld_ids.hpp"

#include <algorithm>
#include <span>

#include "provrun/base/text.hpp"
#include "provrun/codec/json.hpp"

namespace provrun::app {

namespace {

constexpr std::size_t kDigits = 64;
constexpr std::string_view kPlain = "sha256:";
// How a reason that is a directory's content is written.
constexpr std::string_view kDirectoryBefore = "/\",\"before\":\"";
constexpr std::string_view kDirectoryAfter = "/\",\"after\":\"";
// Memos: 32 bytes for each content.
constexpr std::string_view memo_of(Withheld which) {
  return which == Withheld::all ? "withheld" : "withheld.declared";
}

bool is_id_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Calls visit(position, digest) for each run of exactly 64 digits.
template <typename Visit>
void each_id(std::string_view text, const Visit& visit) {
  for (std::size_t at = 0; at < text.size();) {
    // From the last place where a digit must stand: most texts are left in steps of 64.
    if (at + kDigits <= text.size() && !is_id_digit(text[at + kDigits - 1])) {
      at += kDigits;
      continue;
    }
    auto begin = std::min(at + kDigits, text.size());
    while (begin > at && is_id_digit(text[begin - 1])) --begin;
    auto end = begin;
    while (end < text.size() && is_id_digit(text[end])) ++end;
    if (end - begin == kDigits)
      if (const auto digest = hash::parse_digest(text.substr(begin, kDigits)))
        visit(begin, *digest);
    at = std::max(end, begin + 1);
  }
}

// Of a directory: what it holds stands behind it by its path.
bool has_keyed_file(const core::Execution& execution, std::string_view directory) {
  return std::any_of(execution.inputs.begin(), execution.inputs.end(), [&](const auto& input) {
    return input.content.keyed && input.path.starts_with(directory);
  });
}

}  // namespace

WithheldIds::WithheldIds(KeyedIds keyed, const std::unordered_set<core::ContentId>& withheld)
    : keyed_(std::move(keyed)) {
  for (const auto& content : withheld) contents_.emplace(content, keyed_.of(content));
}

void WithheldIds::add_step_key(const hash::Digest& step_key) {
  others_.emplace(step_key, keyed_.of_step_key(step_key));
}

void WithheldIds::rewrite(core::ContentId& content) const {
  if (const auto found = contents_.find(content); found != contents_.end()) content = found->second;
}

std::string WithheldIds::rewrite(std::string_view text) const {
  std::string out;
  std::size_t done = 0;
  each_id(text, [&](std::size_t at, const hash::Digest& digest) {
    const auto content = contents_.find({digest});
    const auto other = others_.find(digest);
    if (content == contents_.end() && other == others_.end()) return;
    out += text.substr(done, at - done);
    if (content == contents_.end()) {
      out += other->second.to_hex();
    } else {
      if (out.ends_with(kPlain)) out.resize(out.size() - kPlain.size());
      out += content->second.to_string();
    }
    done = at + kDigits;
  });
  out += text.substr(done);
  return out;
}

codec::Json WithheldIds::rewrite_json(const codec::Json& document) const {
  return document.is_null() ? document : codec::parse_json(rewrite(document.dump()));
}

core::AccessSetPtr WithheldIds::rewrite(const core::AccessSetPtr& set) {
  const bool touched =
      std::any_of(set->accesses.begin(), set->accesses.end(), [&](const core::Access& access) {
        return access.content && contents_.contains(*access.content);
      });
  if (!touched) return set;
  auto accesses = set->accesses;
  for (auto& access : accesses)
    if (access.content) rewrite(*access.content);
  auto rewritten = std::make_shared<const core::AccessSet>(
      core::parse_access_set(core::text_of(set->path_class, accesses)));
  others_.emplace(set->id.digest, rewritten->id.digest);
  return rewritten;
}

void WithheldIds::rewrite(std::string& lines, std::vector<core::Execution>& executions) {
  std::string rewritten;
  rewritten.reserve(lines.size());
  auto execution = executions.begin();
  for (const auto line : base::split(lines, '\n')) {
    if (line.empty()) continue;
    auto text = rewrite(line);
    if (text != line && execution != executions.end())
      text = rewrite_line(line, std::move(text), *execution);
    // Which files a directory had then is not known any more: one of them may have been withheld.
    if (text.find(kDirectoryBefore) != std::string::npos ||
        text.find(kDirectoryAfter) != std::string::npos)
      text = rewrite_reason(text);
    rewritten += text;
    rewritten += '\n';
    if (execution != executions.end()) ++execution;
  }
  lines = std::move(rewritten);
}

std::string WithheldIds::rewrite_reason(std::string_view line) const {
  auto json = codec::parse_json(line);
  const auto* found = json.find("reason");
  if (found == nullptr || !found->get_string("what").ends_with('/')) return std::string(line);
  auto reason = *found;
  for (const auto* side : {"before", "after"})
    if (const auto content = core::parse_content_id(reason.get_string(side));
        content && !content->keyed)
      reason.set(side, keyed_.of(*content).to_string());
  json.set("reason", std::move(reason));
  return json.dump();
}

std::string WithheldIds::rewrite_line(std::string_view line, std::string changed,
                                      core::Execution& execution) {
  for (auto* files : {&execution.inputs, &execution.outputs})
    for (auto& file : *files) rewrite(file.content);
  for (auto& round : execution.rounds)
    for (auto& file : round.outputs) rewrite(file.content);
  auto& observed = execution.observed;
  for (auto& access : observed.accesses)
    if (access.content) rewrite(*access.content);
  for (auto& id : observed.access_sets)
    if (const auto set = others_.find(id.digest); set != others_.end()) id = {set->second};
  observed.bodies.clear();

  auto json = codec::parse_json(changed);
  const auto* document = json.find("key");
  if (document == nullptr) return changed;
  auto key = *document;
  if (const auto* inputs = key.find("inputs")) {
    auto now = codec::Json::array();
    for (auto input : inputs->as_array()) {
      const auto path = core::get_path(input);
      const auto content = core::parse_content_id(input.get_string("content"));
      if (content && !content->keyed && path.ends_with('/') && has_keyed_file(execution, path)) {
        const auto [known, fresh] = contents_.emplace(*content, keyed_.of(*content));
        input.set("content", known->second.to_string());
      }
      now.push_back(std::move(input));
    }
    key.set("inputs", std::move(now));
  }
  const auto before = codec::parse_json(line);
  if (key == before.at("key")) return changed;
  execution.step_key = keyed_.of_step_key(execution.step_key);
  json.set("key", std::move(key));
  json.set("step_key", execution.step_key.to_hex());
  return json.dump();
}

std::unordered_set<core::ContentId> WithheldIds::contents() const {
  std::unordered_set<core::ContentId> contents;
  for (const auto& [content, keyed] : contents_) contents.insert(content);
  return contents;
}

std::unordered_set<core::ContentId> withheld_contents(catalog::State& state, Withheld which) {
  std::unordered_set<core::ContentId> contents;
  const auto memo = state.get_memo(memo_of(which)).value_or("");
  hash::Digest digest;
  for (std::string_view rest = memo; rest.size() >= digest.bytes.size();
       rest.remove_prefix(digest.bytes.size())) {
    std::copy_n(rest.begin(), digest.bytes.size(), digest.bytes.begin());
    contents.insert({digest});
  }
  return contents;
}

void remember_withheld(catalog::State& state, const std::unordered_set<core::ContentId>& contents,
                       Withheld which) {
  std::string bytes;
  for (const auto& content : contents)
    bytes.append(reinterpret_cast<const char*>(content.digest.bytes.data()),
                 content.digest.bytes.size());
  state.put_memo(memo_of(which), bytes);
}

}  // namespace provrun::app
