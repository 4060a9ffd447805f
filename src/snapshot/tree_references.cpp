#include "tree_references.hpp"

#include <array>
#include <vector>

#include "provrun/base/error.hpp"

namespace provrun::snapshot {

namespace {

base::Error unsure(const char* what) {
  return base::Error(base::ErrorCode::corruption, std::string("a tree has ") + what);
}

constexpr std::array<signed char, 256> make_hex_values() {
  std::array<signed char, 256> values{};
  for (auto& value : values) value = -1;
  for (int i = 0; i < 10; ++i)
    values[static_cast<std::size_t>('0' + i)] = static_cast<signed char>(i);
  for (int i = 0; i < 6; ++i)
    values[static_cast<std::size_t>('a' + i)] = static_cast<signed char>(10 + i);
  return values;
}
constexpr auto kHexValues = make_hex_values();

store::ChunkId parse_id(std::string_view text) {
  store::ChunkId id;
  int bad = text.size() == 64 ? 0 : -1;
  for (std::size_t i = 0; bad >= 0 && i < 32; ++i) {
    const int high = kHexValues[static_cast<unsigned char>(text[2 * i])];
    const int low = kHexValues[static_cast<unsigned char>(text[2 * i + 1])];
    bad |= high | low;
    id.digest.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (bad < 0) throw unsure("an id that is none");
  return id;
}

// One line, a flat object whose members are strings, numbers, or arrays or objects of such. Only
// the members that name chunks are looked into.
class Line {
 public:
  Line(const char* at, const char* end) : at_(at), end_(end) {}

  void read(ReferenceSink& sink) {
    expect('{');
    if (peek() != '}') {
      do {
        const auto key = string();
        expect(':');
        member(key);
      } while (more());
    }
    expect('}');
    if (at_ != end_) throw unsure("a line that does not end");
    report(sink);
  }

 private:
  void member(std::string_view key) {
    if (key == "t") {
      type_ = string();
    } else if (key == "c") {
      content_ = string();
    } else if (key == "d") {
      tree_ = string();
    } else if (key == "K" || key == "KK") {
      list_ = string();
      levels_ = static_cast<int>(key.size());
    } else if (key == "k") {
      has_chunks_ = true;
      expect('[');
      if (peek() != ']') {
        do chunks_[count_chunk()] = string();
        while (more());
      }
      expect(']');
    } else if (key == "x") {
      has_chunks_ = true;
      expect('[');
      chunks_[count_chunk()] = string();
      while (more()) value(0);
      expect(']');
    } else {
      value(0);
    }
  }

  void report(ReferenceSink& sink) const {
    if (type_ == "f") {
      if (content_.empty()) throw unsure("a file without a content");
      if (!list_.empty()) {
        sink.list(parse_id(list_), levels_);
      } else if (has_chunks_) {
        for (std::size_t i = 0; i < count_; ++i) sink.chunk(parse_id(chunks_[i]));
      } else {
        sink.chunk(parse_id(content_));
      }
    } else if (type_ == "d" || type_ == "+") {
      sink.tree(parse_id(tree_));
    } else if (!list_.empty() || !tree_.empty() || has_chunks_ || type_.empty()) {
      throw unsure("an entry of a type that is not known");
    }
  }

  std::size_t count_chunk() {
    if (count_ == chunks_.size()) throw unsure("too many chunks in one entry");
    return count_++;
  }
  char peek() const {
    if (at_ == end_) throw unsure("a line that ends early");
    return *at_;
  }
  void expect(char c) {
    if (peek() != c) throw unsure("a line that is no object");
    ++at_;
  }
  bool more() {
    if (peek() != ',') return false;
    ++at_;
    return true;
  }
  // Up to its closing quote, escapes as they stand.
  std::string_view string() {
    expect('"');
    const char* const begin = at_;
    while (peek() != '"') {
      if (*at_ == '\\') ++at_;
      ++at_;
      if (at_ > end_) throw unsure("a text without an end");
    }
    return {begin, static_cast<std::size_t>(at_++ - begin)};
  }
  void value(int depth) {
    if (depth > 8) throw unsure("a value that is too deep");
    const char c = peek();
    if (c == '"') {
      string();
    } else if (c == '[' || c == '{') {
      const char close = c == '[' ? ']' : '}';
      ++at_;
      if (peek() != close) {
        do {
          if (c == '{') {
            string();
            expect(':');
          }
          value(depth + 1);
        } while (more());
      }
      expect(close);
    } else {
      const char* const begin = at_;
      while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']') ++at_;
      if (at_ == begin) throw unsure("a member without a value");
    }
  }

  const char* at_;
  const char* end_;
  std::string_view type_, content_, tree_, list_;
  int levels_ = 0;
  bool has_chunks_ = false;
  std::array<std::string_view, store::kInlineChunks> chunks_;
  std::size_t count_ = 0;
};

}  // namespace

void read_references(std::string_view tree, ReferenceSink& sink) {
  while (!tree.empty()) {
    const auto end = tree.find('\n');
    if (end == std::string_view::npos) throw unsure("a line without an end");
    Line(tree.data(), tree.data() + end).read(sink);
    tree.remove_prefix(end + 1);
  }
}

void read_list_references(std::string_view list, ReferenceSink& sink, int levels) {
  while (!list.empty()) {
    const auto end = list.find('\n');
    const auto space = list.find(' ');
    if (end == std::string_view::npos || space == std::string_view::npos || space > end)
      throw base::Error(base::ErrorCode::corruption, "a list has an invalid line");
    const auto id = list.substr(0, space);
    if (id != "-") {
      if (levels > 1) {
        sink.list(parse_id(id), levels - 1);
      } else {
        sink.chunk(parse_id(id));
      }
    }
    list.remove_prefix(end + 1);
  }
}

}  // namespace provrun::snapshot
