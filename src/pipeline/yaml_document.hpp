#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics.hpp"
#include "provrun/pipeline/value.hpp"

// One YAML document as a compact tree with places. yaml-cpp only delivers events: its own node tree
// costs several times the memory and time, knows neither merges nor duplicate keys, and sees no
// limits.
namespace provrun::pipeline {

enum class NodeKind : std::uint8_t { null, scalar, sequence, map };

class YamlDocument;

/// A node of a document, which must outlive it. Aliases are the node they name.
class Node {
 public:
  Node() = default;
  Node(const YamlDocument& document, std::uint32_t id) : document_(&document), id_(id) {}

  NodeKind kind() const;
  bool is_null() const { return kind() == NodeKind::null; }
  bool is_scalar() const { return kind() == NodeKind::scalar; }
  bool is_sequence() const { return kind() == NodeKind::sequence; }
  bool is_map() const { return kind() == NodeKind::map; }
  /// Scalars: the text, quotes removed.
  std::string_view text() const;
  /// By the core schema; quoted scalars are text.
  Value::Kind value_kind() const;
  Place place() const;
  /// Items of a sequence, members of a map; else 0.
  std::size_t size() const;
  Node item(std::size_t index) const;
  std::string_view key(std::size_t index) const;
  Place key_place(std::size_t index) const;
  Node value(std::size_t index) const;
  /// The member's value; nullopt if there is none.
  std::optional<Node> find(std::string_view key) const;
  /// "text", "a number", "true or false", "nothing", "a list", "a map": for messages.
  std::string_view describe() const;

 private:
  const YamlDocument* document_ = nullptr;
  std::uint32_t id_ = 0;
};

class YamlDocument {
 public:
  /// Parses the text that the diagnostics know by that index. Adds what is wrong to the
  /// diagnostics; after a syntax error the document is empty. Bounds: 16 MiB, 200 levels, 1,000,000
  /// nodes by aliases.
  static YamlDocument parse(std::uint32_t file, Diagnostics& diagnostics);
  /// nullopt after an error that left nothing.
  std::optional<Node> root() const;

 private:
  friend class Node;
  friend class YamlBuilder;
  struct Entry {
    NodeKind kind = NodeKind::null;
    Value::Kind value = Value::Kind::null;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t begin = 0;  // scalars: in text_; others: in children_
    std::uint32_t size = 0;   // bytes, items or members (two children each)
  };
  std::uint32_t file_ = 0;
  std::vector<Entry> nodes_;
  std::vector<std::uint32_t> children_;
  std::string text_;
  std::optional<std::uint32_t> root_;
};

/// The node as a parameter value. Numbers that are not finite are added to the diagnostics.
Value to_value(const Node& node, Diagnostics& diagnostics);

}  // namespace provrun::pipeline
