#include "provrun/pipeline/adopt.hpp"

#include <algorithm>

#include "paths.hpp"
#include "provrun/base/text.hpp"

namespace provrun::pipeline {

namespace {

constexpr std::string_view kFlowEnd = ",]}";

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool is_blank(std::string_view line) {
  const auto content = base::trim(line);
  return content.empty() || content[0] == '#';
}

std::string joined(const std::vector<std::string>& paths) {
  return base::join(paths, ", ");
}

// The end of a flow value that begins at `from`: after its closing bracket or quote, or before what
// ends a plain word. npos when it does not end in this line.
std::size_t flow_value_end(std::string_view line, std::size_t from, bool inside_flow) {
  if (from >= line.size()) return std::string_view::npos;
  const char first = line[from];
  if (first == '[' || first == '{') {
    int depth = 0;
    char quote = 0;
    for (auto at = from; at < line.size(); ++at) {
      const char c = line[at];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if ((c == ']' || c == '}') && --depth == 0) {
        return at + 1;
      }
    }
    return std::string_view::npos;
  }
  if (first == '"' || first == '\'') {
    const auto end = line.find(first, from + 1);
    return end == std::string_view::npos ? end : end + 1;
  }
  auto end = from;
  while (end < line.size() && !line.substr(end).starts_with(" #") &&
         !(inside_flow && kFlowEnd.find(line[end]) != std::string_view::npos))
    ++end;
  while (end > from && line[end - 1] == ' ') --end;
  return end;
}

// The value with the paths added; empty when it is of a form that is not known.
std::string extended(std::string_view value, const std::vector<std::string>& paths) {
  if (value.empty() || value[0] == '&' || value[0] == '*' || value[0] == '!' || value[0] == '|' ||
      value[0] == '>')
    return {};
  if (value[0] == '[' || value[0] == '{') {
    auto inner = base::trim(value.substr(1, value.size() - 2));
    const bool map = value[0] == '{';
    if (map && inner.starts_with("collect"))
      return "[" + std::string(value) + ", " + joined(paths) + "]";
    const auto added = map ? "adopted: [" + joined(paths) + "]" : joined(paths);
    return std::string(1, value[0]) + std::string(inner) + (inner.empty() ? "" : ", ") + added +
           value.back();
  }
  return "[" + std::string(value) + ", " + joined(paths) + "]";
}

// A step in one line: "  a: {inputs: x, run: y}".
bool add_to_flow_step(std::string& line, std::size_t open, std::string_view key,
                      const std::vector<std::string>& paths) {
  const auto name = std::string(key) + ":";
  int depth = 0;
  char quote = 0;
  for (auto at = open; at < line.size(); ++at) {
    const char c = line[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
      continue;
    }
    if (c == '"' || c == '\'') quote = c;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    const bool begins =
        at > open && (line[at - 1] == '{' || line[at - 1] == ' ' || line[at - 1] == ',');
    if (depth != 1 || !begins || std::string_view(line).substr(at, name.size()) != name) continue;
    const auto value = line.find_first_not_of(' ', at + name.size());
    const auto end = flow_value_end(line, value, true);
    if (end == std::string::npos) return false;
    const auto fresh = extended(std::string_view(line).substr(value, end - value), paths);
    if (fresh.empty()) return false;
    line.replace(value, end - value, fresh);
    return true;
  }
  line.insert(open + 1, name + " [" + joined(paths) + "], ");
  return true;
}

class BlockStep {
 public:
  BlockStep(std::vector<std::string>& lines, std::size_t step) : lines_(lines), step_(step) {
    const auto own = indent_of(lines_[step]);
    end_ = step + 1;
    for (auto at = step + 1; at < lines_.size(); ++at) {
      if (is_blank(lines_[at])) continue;
      if (indent_of(lines_[at]) <= own) break;
      if (child_ == 0) child_ = indent_of(lines_[at]);
      end_ = at + 1;
    }
  }

  bool add(std::string_view key, const std::vector<std::string>& paths) {
    if (child_ == 0) return false;
    const auto name = std::string(key) + ":";
    for (auto at = step_ + 1; at < end_; ++at) {
      auto& line = lines_[at];
      if (is_blank(line) || indent_of(line) != child_ ||
          !std::string_view(line).substr(child_).starts_with(name))
        continue;
      const auto value = line.find_first_not_of(' ', child_ + name.size());
      if (value == std::string::npos || line[value] == '#') return add_to_block(at, paths);
      const auto end = flow_value_end(line, value, false);
      if (end == std::string::npos) return false;
      const auto fresh = extended(std::string_view(line).substr(value, end - value), paths);
      if (fresh.empty()) return false;
      line.replace(value, end - value, fresh);
      return true;
    }
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(step_) + 1,
                  std::string(child_, ' ') + name + " [" + joined(paths) + "]");
    ++end_;
    return true;
  }

 private:
  // Items or names in lines of their own: more lines after the last one.
  bool add_to_block(std::size_t key, const std::vector<std::string>& paths) {
    std::size_t last = key;
    std::size_t indent = 0;
    bool list = false;
    for (auto at = key + 1; at < end_; ++at) {
      if (is_blank(lines_[at])) continue;
      const auto deep = indent_of(lines_[at]);
      const bool item = lines_[at][deep] == '-';
      if (deep < child_ || (deep == child_ && !item)) break;
      if (last == key) {
        indent = deep;
        list = item;
      }
      last = at;
    }
    if (last == key) return false;
    std::vector<std::string> added;
    if (list)
      for (const auto& path : paths) added.push_back(std::string(indent, ' ') + "- " + path);
    else
      added.push_back(std::string(indent, ' ') + "adopted: [" + joined(paths) + "]");
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(last) + 1, added.begin(),
                  added.end());
    end_ += added.size();
    return true;
  }

  std::vector<std::string>& lines_;
  std::size_t step_;
  std::size_t end_ = 0;
  std::size_t child_ = 0;
};

}  // namespace

bool can_be_adopted(std::string_view path) {
  constexpr std::string_view kPlain = "._/-+@=~";
  if (path.empty() || path[0] == '-' || path[0] == '@' || path[0] == '~' || path[0] == '=')
    return false;
  return std::all_of(path.begin(), path.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kPlain.find(c) != std::string_view::npos;
  });
}

std::string path_in_folder(std::string_view path, std::string_view folder) {
  return folder.empty() ? std::string(path) : relative_path(path, folder);
}

std::optional<std::string> adopt(std::string_view text, int step_line, const Adoption& adoption) {
  std::vector<std::string> lines;
  for (const auto line : base::split(text, '\n')) lines.emplace_back(line);
  const auto index = static_cast<std::size_t>(step_line) - 1;
  if (step_line < 1 || index >= lines.size()) return std::nullopt;
  const auto colon = lines[index].find(':', indent_of(lines[index]));
  if (colon == std::string::npos) return std::nullopt;
  const auto value = lines[index].find_first_not_of(' ', colon + 1);
  const bool block = value == std::string::npos || lines[index][value] == '#';
  if (!block && lines[index][value] != '{') return std::nullopt;
  const auto add = [&](std::string_view key, const std::vector<std::string>& paths) {
    if (paths.empty()) return true;
    return block ? BlockStep(lines, index).add(key, paths)
                 : add_to_flow_step(lines[index], value, key, paths);
  };
  // The later key first, so that both stand in the usual order where both are new.
  if (!add("outputs", adoption.outputs) || !add("inputs", adoption.inputs)) return std::nullopt;
  return base::join(lines, "\n");
}

}  // namespace provrun::pipeline
