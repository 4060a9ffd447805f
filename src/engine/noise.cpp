#include <algorithm>
#include <array>

#include "provrun/engine/observed.hpp"

namespace provrun::engine {

namespace {

struct Rule {
  enum class Where { below, component, suffix };
  Where where;
  std::string_view text;
  std::string_view why;
};

// Paths whose use decides no result, or whose change every other record shows better. Shown by
// `provrun show STEP --accesses --all`.
constexpr std::array<Rule, 29> kNoise{{
    {Rule::Where::below, "/proc", "state of processes"},
    {Rule::Where::below, "/dev", "devices"},
    {Rule::Where::below, "/sys", "state of the kernel"},
    {Rule::Where::below, "/run", "state of the system"},
    {Rule::Where::below, "/var/run", "state of the system"},
    {Rule::Where::below, "/usr/lib/locale", "locale"},
    {Rule::Where::below, "/usr/share/locale", "locale"},
    {Rule::Where::below, "/usr/share/locale-langpack", "locale"},
    {Rule::Where::below, "/usr/share/i18n", "locale"},
    {Rule::Where::below, "/etc/locale.alias", "locale"},
    {Rule::Where::component, "gconv", "locale"},
    {Rule::Where::below, "/usr/share/fonts", "fonts"},
    {Rule::Where::below, "/usr/local/share/fonts", "fonts"},
    {Rule::Where::below, "/var/cache", "cache"},
    {Rule::Where::below, "/etc/fonts", "fonts"},
    // The libraries that it finds are seen themselves, and every installation rewrites it.
    {Rule::Where::below, "/etc/ld.so.cache", "library cache"},
    {Rule::Where::below, "/etc/passwd", "names of this machine"},
    {Rule::Where::below, "/etc/group", "names of this machine"},
    {Rule::Where::below, "/etc/nsswitch.conf", "names of this machine"},
    {Rule::Where::below, "/etc/host.conf", "names of this machine"},
    {Rule::Where::below, "/etc/hosts", "names of this machine"},
    {Rule::Where::below, "/etc/hostname", "names of this machine"},
    {Rule::Where::below, "/etc/resolv.conf", "names of this machine"},
    {Rule::Where::below, "/etc/gai.conf", "names of this machine"},
    {Rule::Where::below, "/etc/machine-id", "names of this machine"},
    {Rule::Where::below, "/etc/mtab", "state of the system"},
    {Rule::Where::below, ".provrun", "provrun's own"},
    {Rule::Where::component, "__pycache__", "byte code"},
    {Rule::Where::suffix, ".pyc", "byte code"},
}};

constexpr std::array<std::string_view, 14> kSoftware{
    "/usr", "/lib", "/lib32",   "/lib64", "/libx32",    "/bin",       "/sbin",
    "/etc", "/opt", "/var/lib", "/snap",  "/nix/store", "/gnu/store", "/boot"};

constexpr std::array<std::string_view, 7> kModuleFolders{
    "site-packages", "dist-packages", "node_modules", "site-library",
    "R-library",     "perl5",         ".julia"};

bool is_below(std::string_view path, std::string_view folder) {
  return !folder.empty() && path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/' || folder == "/");
}

bool has_component(std::string_view path, std::string_view component) {
  for (std::size_t at = path.find(component); at != std::string_view::npos;
       at = path.find(component, at + 1)) {
    const auto end = at + component.size();
    if ((at == 0 || path[at - 1] == '/') && (end == path.size() || path[end] == '/')) return true;
  }
  return false;
}

}  // namespace

Scene scene_of(const std::vector<std::pair<std::string, std::string>>& environment) {
  Scene scene;
  scene.temporary = {"/tmp", "/var/tmp"};
  for (const auto& [name, value] : environment) {
    if (value.size() < 2 || value[0] != '/') continue;
    const auto folder = value.substr(0, value.find_last_not_of('/') + 1);
    if (name == "HOME")
      scene.home = folder;
    else if (name == "TMPDIR" || name == "TMP" || name == "TEMP")
      scene.temporary.push_back(folder);
    else if (name == "VIRTUAL_ENV" || name == "CONDA_PREFIX" || name == "PYTHONHOME" ||
             name == "JAVA_HOME" || name == "R_HOME" || name == "GOROOT")
      scene.software.push_back(folder);
  }
  return scene;
}

std::string_view noise_rule(const core::Access& access, const Scene& scene) {
  using core::Use;
  const std::string_view path = access.path;
  for (const auto& rule : kNoise) {
    bool fits = false;
    switch (rule.where) {
      case Rule::Where::below:
        fits = is_below(path, rule.text);
        break;
      case Rule::Where::component:
        fits = has_component(path, rule.text);
        break;
      case Rule::Where::suffix:
        fits = path.ends_with(rule.text);
        break;
    }
    if (fits) return rule.why;
  }
  const bool own = access.uses.has(Use::create) && access.uses.has(Use::remove);
  if (own && access.before != core::Presence::file && access.before != core::Presence::symlink)
    return "its own temporary file";
  // The root and the folders on the way to somewhere: what matters in them is seen itself.
  if (path == "/" || path == scene.home) return "a folder on the way";
  if (path.starts_with('/')) {
    if (!scene.home.empty() && is_below(path, scene.home + "/.cache")) return "cache";
    for (const auto& folder : scene.temporary) {
      if (!is_below(path, folder)) continue;
      const bool found =
          access.before == core::Presence::file && access.content && !access.uses.has(Use::create);
      if (!found) return "temporary";
    }
    // Every installation adds names; the files that are used are seen themselves.
    if (access.before == core::Presence::directory &&
        class_of(access, scene) != core::PathClass::outside)
      return "a folder of software";
  }
  return {};
}

bool is_module_path(std::string_view path) {
  return std::any_of(kModuleFolders.begin(), kModuleFolders.end(),
                     [&](auto folder) { return has_component(path, folder); });
}

core::PathClass class_of(const core::Access& access, const Scene& scene) {
  const std::string_view path = access.path;
  const auto below = [&](std::string_view folder) { return is_below(path, folder); };
  if (!path.starts_with('/')) return core::PathClass::workspace;
  if (is_module_path(path) || access.uses.has(core::Use::execute)) return core::PathClass::system;
  if (std::any_of(kSoftware.begin(), kSoftware.end(), below) ||
      std::any_of(scene.software.begin(), scene.software.end(), below))
    return std::any_of(scene.temporary.begin(), scene.temporary.end(), below)
               ? core::PathClass::outside
               : core::PathClass::system;
  return core::PathClass::outside;
}

}  // namespace provrun::engine
