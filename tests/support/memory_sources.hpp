#pragma once

#include <map>
#include <string>

#include "provrun/pipeline/sources.hpp"

/// Files in memory.
class MemorySources : public provrun::pipeline::Sources {
 public:
  std::map<std::string, std::string> files;

  std::optional<std::string> read(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second;
  }
  std::vector<std::string> glob(const std::string& pattern) override {
    std::vector<std::string> found;
    for (const auto& [path, text] : files)
      if (matches(pattern, path)) found.push_back(path);
    return found;
  }

 private:
  static bool matches(std::string_view pattern, std::string_view path) {
    if (pattern.empty()) return path.empty();
    if (pattern[0] != '*')
      return !path.empty() && path[0] == pattern[0] && matches(pattern.substr(1), path.substr(1));
    for (std::size_t n = 0;; ++n) {
      if (matches(pattern.substr(1), path.substr(n))) return true;
      if (n == path.size() || path[n] == '/') return false;
    }
  }
};
