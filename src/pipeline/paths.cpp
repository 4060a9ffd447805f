#include "paths.hpp"

#include <vector>

#include "provrun/base/text.hpp"

namespace provrun::pipeline {

bool is_normal_path(std::string_view path) {
  if (path == "." || path == "/") return true;
  if (path.empty() || path.back() == '/') return false;
  bool only_up = path[0] != '/';
  for (std::size_t begin = path[0] == '/' ? 1 : 0; begin <= path.size();) {
    auto end = path.find('/', begin);
    if (end == std::string_view::npos) end = path.size();
    const auto part = path.substr(begin, end - begin);
    if (part.empty() || part == ".") return false;
    if (part != "..")
      only_up = false;
    else if (!only_up)
      return false;
    begin = end + 1;
  }
  return true;
}

std::string normalize_path(std::string_view path) {
  const bool is_absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  for (const auto part : base::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != ".." || (!is_absolute && (parts.empty() || parts.back() == "..")))
      parts.push_back(part);
    else if (!parts.empty())
      parts.pop_back();
  }
  std::string normal = is_absolute ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) normal += '/';
    normal += parts[i];
  }
  return normal.empty() ? "." : normal;
}

bool leaves_workspace(std::string_view path) {
  return path.starts_with('/') || path == ".." || path.starts_with("../");
}

std::optional<std::string_view> parent_path(std::string_view path) {
  if (path == "." || path == "/" || path == ".." || path.ends_with("/..")) return std::nullopt;
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string relative_path(std::string_view path, std::string_view directory) {
  if (directory == "." || path.starts_with('/')) return std::string(path);
  const bool is_directory = path.ends_with('/');
  const auto normal = normalize_path(path);
  auto from = base::split(directory, '/');
  auto to = normal == "." ? std::vector<std::string_view>{} : base::split(normal, '/');
  std::size_t common = 0;
  while (common < from.size() && common < to.size() && from[common] == to[common] &&
         to[common] != "..")
    ++common;
  std::string relative;
  for (std::size_t i = common; i < from.size(); ++i) relative += "../";
  for (std::size_t i = common; i < to.size(); ++i) relative.append(to[i]) += '/';
  if (relative.empty()) return is_directory ? "./" : ".";
  if (!is_directory) relative.pop_back();
  // "./tool" is how a program of the directory is started; without the "./" PATH is searched.
  if (path.starts_with("./") && relative.find('/') == std::string::npos) relative.insert(0, "./");
  return relative;
}

std::string in_folder(std::string_view folder, std::string_view path) {
  if (folder.empty() || path.empty() || path[0] == '/') return std::string(path);
  auto whole = std::string(folder) + '/';
  whole += path;
  const bool is_directory = path.ends_with('/');
  whole = normalize_path(whole);
  if (is_directory) whole += '/';
  return whole;
}

}  // namespace provrun::pipeline
