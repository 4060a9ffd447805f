#include "log_path.hpp"

#include "provrun/app/archive.hpp"
#include "provrun/base/format.hpp"
#include "provrun/hash/sha256.hpp"

namespace provrun::app {

namespace {

std::string safe_file_name(std::string_view step) {
  std::string name;
  for (const char c : step) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("._-@+=,").find(c) != std::string_view::npos;
    if (plain)
      name += c;
    else
      name += base::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (name.size() > 200)
    name = name.substr(0, 180) + "-" + hash::sha256(step).to_hex().substr(0, 12);
  return name;
}

}  // namespace

std::string log_path_in_snapshot(std::string_view step) {
  return std::string(kLogDirectory) + safe_file_name(step) + ".log";
}

}  // namespace provrun::app
