// manual_compiler FOLDER VERSION OUT: reads docs/manual/cli and writes OUT/manual_pages.cpp,
// OUT/man/*.1 and OUT/completion/provrun.{bash,zsh,fish}.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "page.hpp"

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(path.string() + ": cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: manual_compiler FOLDER VERSION OUT\n";
    return 2;
  }
  try {
    const auto pages = manual::read_manual(argv[1]);
    const std::filesystem::path out = argv[3];
    for (const auto& page : pages)
      write(out / "man" / ((page.verb.empty() ? "provrun" : "provrun-" + page.verb) + ".1"),
            manual::as_man(page, argv[2]));
    const std::vector<std::pair<std::string, std::string>> completions{
        {"bash", manual::bash_completion(pages)},
        {"zsh", manual::zsh_completion(pages)},
        {"fish", manual::fish_completion(pages)}};
    for (const auto& [shell, text] : completions)
      write(out / "completion" / ("provrun." + shell), text);
    write(out / "manual_pages.cpp", manual::as_source(pages, completions));
  } catch (const std::exception& error) {
    std::cerr << "manual_compiler: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
