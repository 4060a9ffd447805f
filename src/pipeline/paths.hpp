#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace provrun::pipeline {

/// True for "a/b", "../a", "/a", ".": what normalize would leave as it is.
bool is_normal_path(std::string_view path);
/// Without empty parts, ".", and ".." that something stands in front of; without a trailing slash.
/// "" and "./" are ".".
std::string normalize_path(std::string_view path);
/// "/a", "..", "../a": not inside of the workspace. The path must be normal.
bool leaves_workspace(std::string_view path);
/// The normal path of what contains a path: "a/b" of "a/b/c", "." of "a"; nullopt for ".", "/",
/// "..".
std::optional<std::string_view> parent_path(std::string_view path);
/// How a path (as written, relative to the workspace, or absolute) is spelled in a directory of the
/// workspace (normal): "a/x" in "a/b" is "../x".
std::string relative_path(std::string_view path, std::string_view directory);

/// A path as it stands in a file of the folder ("": the workspace), seen from the workspace.
/// Absolute ones stay as they are; a trailing slash stays.
std::string in_folder(std::string_view folder, std::string_view path);

}  // namespace provrun::pipeline
