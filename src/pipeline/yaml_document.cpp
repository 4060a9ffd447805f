#include "yaml_document.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/pipeline/workflow.hpp"
#include "scalar.hpp"

namespace provrun::pipeline {

namespace {

constexpr std::uint32_t kMaxDepth = 200;
// What aliases may add to the nodes that are written out: far more than people share by anchors,
// far less than a "billion laughs" needs.
constexpr std::uint64_t kMaxAliasNodes = 1'000'000;
constexpr const char* kTextHint =
    "provrun reads YAML in UTF-8: give another file, or save this one as UTF-8 text";
constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // the get area is never written
    setg(begin, begin, begin + text.size());
  }
};

struct SecondDocument {
  YAML::Mark mark;
};
struct Stop {};  // the diagnostics say why

}  // namespace

class YamlBuilder : public YAML::EventHandler {
 public:
  YamlBuilder(YamlDocument& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) throw SecondDocument{mark};
    started_ = true;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(NodeKind::sequence, mark, tag, "seq", anchor);
  }
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(NodeKind::map, mark, tag, "map", anchor);
  }
  void OnMapEnd() override;

 private:
  struct Open {
    std::uint32_t node;
    std::size_t first;  // in pending_
    YAML::anchor_t anchor;
  };
  // Of each node: how many nodes and levels it is when aliases are written out.
  struct Extent {
    std::uint64_t nodes = 1;
    std::uint32_t depth = 1;
  };

  Place place_of(const YAML::Mark& mark) const {
    return {document_.file_, static_cast<std::uint32_t>(mark.line + 1),
            static_cast<std::uint32_t>(mark.column + 1)};
  }
  Place place_of(std::uint32_t node) const {
    return {document_.file_, document_.nodes_[node].line, document_.nodes_[node].column};
  }
  std::string_view text_of(std::uint32_t node) const {
    return std::string_view(document_.text_)
        .substr(document_.nodes_[node].begin, document_.nodes_[node].size);
  }
  std::uint32_t make(NodeKind kind, const YAML::Mark& mark);
  void begin(NodeKind kind, const YAML::Mark& mark, const std::string& tag,
             std::string_view core_tag, YAML::anchor_t anchor);
  void finish(std::uint32_t node, YAML::anchor_t anchor);
  void close(std::uint32_t node, const Open& open);
  void refuse_tag(const YAML::Mark& mark, const std::string& tag);
  bool is_merge_key(std::uint32_t node) const;
  void merge(std::uint32_t value, std::vector<std::uint32_t>& from) const;
  void resolve_members(const Open& open);

  YamlDocument& document_;
  Diagnostics& diagnostics_;
  bool started_ = false;
  std::vector<Open> open_;
  std::vector<std::uint32_t> pending_;
  std::vector<Extent> extents_;  // parallel to nodes_
  std::vector<std::optional<std::uint32_t>> anchors_;
  std::vector<std::uint32_t> merge_keys_;  // plain `<<` scalars, ascending
  std::uint64_t alias_nodes_ = 0;
};

// yaml-cpp places an empty value at the token after it; people look for it where its key stands.
void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const auto text = std::string_view(diagnostics_.texts().text(document_.file_));
  const auto rest = text.substr(std::min(text.size(), static_cast<std::size_t>(mark.pos)), 5);
  const bool is_written =
      rest.starts_with('~') ||
      ((rest.starts_with("null") || rest.starts_with("Null") || rest.starts_with("NULL")) &&
       !(rest.size() == 5 && is_identifier(rest)));
  const auto node = make(NodeKind::null, mark);
  if (!is_written && node > 0) {
    document_.nodes_[node].line = document_.nodes_[node - 1].line;
    document_.nodes_[node].column = document_.nodes_[node - 1].column;
  }
  finish(node, anchor);
}

std::uint32_t YamlBuilder::make(NodeKind kind, const YAML::Mark& mark) {
  const auto place = place_of(mark);
  document_.nodes_.push_back({kind, Value::Kind::null, place.line, place.column, 0, 0});
  extents_.emplace_back();
  return static_cast<std::uint32_t>(document_.nodes_.size() - 1);
}

void YamlBuilder::refuse_tag(const YAML::Mark& mark, const std::string& tag) {
  std::string shown = tag;
  if (tag.starts_with(kCoreTag)) shown = "!!" + tag.substr(kCoreTag.size());
  diagnostics_.add(place_of(mark),
                   base::format("the tag {} is not known here", base::printable(shown)),
                   "remove it: pipelines use plain YAML, without tags of their own");
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (anchor >= anchors_.size() || !anchors_[anchor]) {
    diagnostics_.add(place_of(mark), "this alias stands inside the node it names");
    throw Stop{};
  }
  const auto node = *anchors_[anchor];
  alias_nodes_ += extents_[node].nodes;
  if (alias_nodes_ > kMaxAliasNodes) {
    diagnostics_.add(place_of(mark), base::format("aliases expand to more than {} nodes",
                                                  base::format("{}", kMaxAliasNodes)));
    throw Stop{};
  }
  finish(node, 0);
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  const auto node = make(NodeKind::scalar, mark);
  auto& entry = document_.nodes_[node];
  entry.begin = static_cast<std::uint32_t>(document_.text_.size());
  entry.size = static_cast<std::uint32_t>(value.size());
  document_.text_ += value;
  entry.value = Value::Kind::text;
  if (value.find('\0') != std::string::npos)
    diagnostics_.add(place_of(mark), "the text contains a NUL character");
  if (tag == "?" || tag.empty()) {
    entry.value = resolve_plain_scalar(value);
    if (entry.value == Value::Kind::null) entry.kind = NodeKind::null;
    if (value == "<<") merge_keys_.push_back(node);
  } else if (tag.starts_with(kCoreTag)) {
    const auto name = std::string_view(tag).substr(kCoreTag.size());
    const auto kind = resolve_plain_scalar(value);
    const bool fits =
        (name == "int" && kind == Value::Kind::integer) ||
        (name == "bool" && kind == Value::Kind::boolean) ||
        (name == "float" && (kind == Value::Kind::real || kind == Value::Kind::integer));
    if (fits)
      entry.value = kind;
    else if (name == "int" || name == "bool" || name == "float")
      diagnostics_.add(place_of(mark),
                       base::format("'{}' is not a !!{}", base::printable(value), name));
    else if (name != "str")
      refuse_tag(mark, tag);
  } else if (tag != "!") {
    refuse_tag(mark, tag);
  }
  finish(node, anchor);
}

void YamlBuilder::begin(NodeKind kind, const YAML::Mark& mark, const std::string& tag,
                        std::string_view core_tag, YAML::anchor_t anchor) {
  if (!tag.empty() && tag != "?" && tag != "!" &&
      !(tag.starts_with(kCoreTag) && tag.substr(kCoreTag.size()) == core_tag))
    refuse_tag(mark, tag);
  if (open_.size() >= kMaxDepth) {
    diagnostics_.add(place_of(mark), base::format("nested more than {} levels deep", kMaxDepth));
    throw Stop{};
  }
  open_.push_back({make(kind, mark), pending_.size(), anchor});
}

void YamlBuilder::finish(std::uint32_t node, YAML::anchor_t anchor) {
  if (anchor != 0) {
    if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
    anchors_[anchor] = node;
  }
  if (open_.empty())
    document_.root_ = node;
  else
    pending_.push_back(node);
}

void YamlBuilder::close(std::uint32_t node, const Open& open) {
  auto& extent = extents_[node];
  for (std::size_t i = open.first; i < pending_.size(); ++i) {
    extent.nodes += extents_[pending_[i]].nodes;
    extent.depth = std::max(extent.depth, extents_[pending_[i]].depth + 1);
  }
  if (extent.depth > kMaxDepth) {
    diagnostics_.add(place_of(node), base::format("nested more than {} levels deep", kMaxDepth));
    throw Stop{};
  }
  auto& entry = document_.nodes_[node];
  entry.begin = static_cast<std::uint32_t>(document_.children_.size());
  const auto count = pending_.size() - open.first;
  entry.size = static_cast<std::uint32_t>(entry.kind == NodeKind::map ? count / 2 : count);
  document_.children_.insert(document_.children_.end(),
                             pending_.begin() + static_cast<std::ptrdiff_t>(open.first),
                             pending_.end());
  pending_.resize(open.first);
  open_.pop_back();
  finish(node, open.anchor);
}

void YamlBuilder::OnSequenceEnd() {
  close(open_.back().node, Open(open_.back()));
}

void YamlBuilder::OnMapEnd() {
  const Open open = open_.back();
  resolve_members(open);
  close(open.node, open);
}

bool YamlBuilder::is_merge_key(std::uint32_t node) const {
  return std::binary_search(merge_keys_.begin(), merge_keys_.end(), node);
}

// Appends the members that `<<: value` brings, nearest first.
void YamlBuilder::merge(std::uint32_t value, std::vector<std::uint32_t>& from) const {
  const auto& entry = document_.nodes_[value];
  const auto append = [&](const YamlDocument::Entry& map) {
    const auto begin = document_.children_.begin() + map.begin;
    from.insert(from.end(), begin, begin + std::ptrdiff_t{2} * map.size);
  };
  if (entry.kind == NodeKind::map) return append(entry);
  bool maps_only = entry.kind == NodeKind::sequence;
  for (std::uint32_t i = 0; maps_only && i < entry.size; ++i) {
    const auto& item = document_.nodes_[document_.children_[entry.begin + i]];
    if (item.kind == NodeKind::map)
      append(item);
    else
      maps_only = false;
  }
  if (!maps_only) diagnostics_.add(place_of(value), "'<<' takes a map or a list of maps");
}

// Reports keys that are no text or stand twice, and puts merged members where `<<` stood.
void YamlBuilder::resolve_members(const Open& open) {
  bool merges = false;
  const std::size_t members = (pending_.size() - open.first) / 2;
  std::unordered_map<std::string_view, std::uint32_t> seen;
  const auto key_at = [&](std::size_t i) { return pending_[open.first + 2 * i]; };
  for (std::size_t i = 0; i < members; ++i) {
    const auto key = key_at(i);
    if (document_.nodes_[key].kind != NodeKind::scalar) {
      diagnostics_.add(place_of(key), "a key must be text");
      throw Stop{};
    }
    if (!merge_keys_.empty() && is_merge_key(key)) merges = true;
    std::optional<std::uint32_t> first;
    if (members > 16) {
      const auto [at, added] = seen.emplace(text_of(key), key);
      if (!added) first = at->second;
    } else {
      for (std::size_t j = 0; j < i && !first; ++j)
        if (text_of(key_at(j)) == text_of(key)) first = key_at(j);
    }
    if (first)
      diagnostics_.add(
          place_of(key),
          base::format("the key '{}' stands here twice", base::printable(text_of(key))),
          base::format("the first one is in line {}", document_.nodes_[*first].line));
  }
  if (!merges) return;

  seen.clear();
  for (std::size_t i = 0; i < members; ++i)
    if (!is_merge_key(key_at(i))) seen.emplace(text_of(key_at(i)), key_at(i));
  std::vector<std::uint32_t> resolved;
  for (std::size_t i = 0; i < members; ++i) {
    const auto key = key_at(i);
    const auto value = pending_[open.first + 2 * i + 1];
    if (!is_merge_key(key)) {
      resolved.push_back(key);
      resolved.push_back(value);
      continue;
    }
    std::vector<std::uint32_t> from;
    merge(value, from);
    for (std::size_t j = 0; j < from.size(); j += 2) {
      if (!seen.emplace(text_of(from[j]), from[j]).second) continue;
      alias_nodes_ += extents_[from[j + 1]].nodes + 1;
      resolved.push_back(from[j]);
      resolved.push_back(from[j + 1]);
    }
    if (alias_nodes_ > kMaxAliasNodes) {
      diagnostics_.add(place_of(key),
                       base::format("merges expand to more than {} nodes", kMaxAliasNodes));
      throw Stop{};
    }
  }
  pending_.resize(open.first);
  pending_.insert(pending_.end(), resolved.begin(), resolved.end());
}

namespace {

// False, with a diagnostic, for what no YAML parser should be bothered with.
bool is_readable_text(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  if (text.size() > kMaxDocumentBytes) {
    diagnostics.add({file, 0, 0},
                    base::format("the file is {} bytes long; a pipeline may have {}", text.size(),
                                 kMaxDocumentBytes),
                    "put tables into a CSV file and name it with 'foreach: {csv: …}'");
    return false;
  }
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t' && c != '\r') || byte == 0x7F) {
      diagnostics.add(
          {file, 0, 0},
          base::format("not a text file: byte 0x{:02X} in line {}, column {}", byte, line, column),
          kTextHint);
      return false;
    }
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
  if (base::is_valid_utf8(text)) return true;
  diagnostics.add({file, 0, 0}, "not a text file: its bytes are not UTF-8", kTextHint);
  return false;
}

std::string syntax_hint(const base::Position& position, std::string_view message) {
  const auto& line = position.source_line;
  const auto text = std::min(line.find_first_not_of(" \t"), line.size());
  if (std::string_view(line).substr(0, text).find('\t') != std::string_view::npos)
    return "YAML is indented by spaces, not by tabs";
  if (message == YAML::ErrorMsg::MAP_VALUE) return "a text with ': ' in it needs quotes";
  return "";
}

}  // namespace

YamlDocument YamlDocument::parse(std::uint32_t file, Diagnostics& diagnostics) {
  YamlDocument document;
  document.file_ = file;
  const std::string_view text = diagnostics.texts().text(file);
  if (!is_readable_text(text, file, diagnostics)) return document;
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YamlBuilder builder(document, diagnostics);
  const auto at = [&](const YAML::Mark& mark) {
    return Place{file, static_cast<std::uint32_t>(mark.line + 1),
                 static_cast<std::uint32_t>(mark.column + 1)};
  };
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
    return document;
  } catch (const Stop&) {
  } catch (const SecondDocument& second) {
    diagnostics.add(at(second.mark), "a second document begins here",
                    "one file holds one document");
  } catch (const YAML::DeepRecursion& error) {
    diagnostics.add(at(error.mark), base::format("nested more than {} levels deep", kMaxDepth));
  } catch (const YAML::Exception& error) {
    diagnostics.add(at(error.mark), "not valid YAML: " + error.msg,
                    syntax_hint(diagnostics.texts().position(at(error.mark)), error.msg));
  }
  document.root_.reset();
  return document;
}

std::optional<Node> YamlDocument::root() const {
  if (!root_) return std::nullopt;
  return Node(*this, *root_);
}

NodeKind Node::kind() const {
  return document_->nodes_[id_].kind;
}

std::string_view Node::text() const {
  const auto& entry = document_->nodes_[id_];
  if (entry.kind != NodeKind::scalar) return {};
  return std::string_view(document_->text_).substr(entry.begin, entry.size);
}

Value::Kind Node::value_kind() const {
  const auto& entry = document_->nodes_[id_];
  if (entry.kind == NodeKind::sequence) return Value::Kind::list;
  if (entry.kind == NodeKind::map) return Value::Kind::map;
  return entry.value;
}

Place Node::place() const {
  const auto& entry = document_->nodes_[id_];
  return {document_->file_, entry.line, entry.column};
}

std::size_t Node::size() const {
  const auto& entry = document_->nodes_[id_];
  return entry.kind == NodeKind::sequence || entry.kind == NodeKind::map ? entry.size : 0;
}

Node Node::item(std::size_t index) const {
  return {*document_, document_->children_[document_->nodes_[id_].begin + index]};
}

std::string_view Node::key(std::size_t index) const {
  return item(2 * index).text();
}
Place Node::key_place(std::size_t index) const {
  return item(2 * index).place();
}
Node Node::value(std::size_t index) const {
  return item(2 * index + 1);
}

std::optional<Node> Node::find(std::string_view key_text) const {
  if (!is_map()) return std::nullopt;
  for (std::size_t i = 0; i < size(); ++i)
    if (key(i) == key_text) return value(i);
  return std::nullopt;
}

std::string_view Node::describe() const {
  switch (value_kind()) {
    case Value::Kind::null:
      return "nothing";
    case Value::Kind::boolean:
      return "true or false";
    case Value::Kind::integer:
    case Value::Kind::real:
      return "a number";
    case Value::Kind::text:
      return "text";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::map:
      return "a map";
  }
  return "nothing";
}

Value to_value(const Node& node, Diagnostics& diagnostics) {
  Value value;
  value.kind = node.value_kind();
  if (node.is_scalar()) value.text = node.text();
  if (value.kind == Value::Kind::real && !to_real(value.text))
    diagnostics.add(node.place(), base::format("'{}' is not a finite number", value.text));
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.is_map()) value.names.emplace_back(node.key(i));
    value.items.push_back(to_value(node.is_map() ? node.value(i) : node.item(i), diagnostics));
  }
  return value;
}

}  // namespace provrun::pipeline
