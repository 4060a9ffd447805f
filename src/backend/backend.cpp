#include "provrun/backend/backend.hpp"

#include "provrun/base/error.hpp"

namespace provrun::backend {

bool Backend::create(const std::string& name, std::string_view bytes) {
  const auto object = upload();
  object->append({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  return object->publish(name);
}

std::string Backend::read_all(const std::string& name, std::uint64_t limit) {
  const auto size = size_of(name);
  if (!size) throw base::Error(base::ErrorCode::not_found, name + " is not in " + location());
  if (*size > limit)
    throw base::Error(base::ErrorCode::corruption, name + " is larger than it can be");
  std::string bytes(*size, '\0');
  read(name, 0, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

}  // namespace provrun::backend
