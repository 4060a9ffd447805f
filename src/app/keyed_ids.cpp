#include "provrun/app/keyed_ids.hpp"

#include "provrun/app/workspace.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

KeyedIds KeyedIds::here() {
  const auto workspace = Workspace::find_upwards(os::current_directory());
  return KeyedIds(workspace ? workspace->existing_hash_key() : std::string());
}

core::ContentId KeyedIds::of(const core::ContentId& content) const {
  return {hash::hmac_sha256({reinterpret_cast<const std::uint8_t*>(key_.data()), key_.size()},
                            content.to_string()),
          true};
}

hash::Digest KeyedIds::of_step_key(const hash::Digest& step_key) const {
  return hash::hmac_sha256({reinterpret_cast<const std::uint8_t*>(key_.data()), key_.size()},
                           step_key.to_hex());
}

bool KeyedIds::same(const core::ContentId& recorded, const core::ContentId& now) const {
  if (!recorded.keyed) return recorded == now;
  return has_key() && recorded == of(now);
}

}  // namespace provrun::app
