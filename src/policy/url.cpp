#include <algorithm>
#include <string>

#include "provrun/policy/redaction.hpp"
#include "secret_values.hpp"

namespace provrun::policy {

std::string url_without_credentials(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) {
    // user:password@host:path is not what scp takes, but people write it; user@host:path is.
    const std::size_t sign = url.find('@');
    const std::size_t colon = url.find(':');
    const bool remote = sign != std::string_view::npos && url.find('/') > sign;
    if (!remote || colon > sign) return std::string(url);
    return std::string(url.substr(sign + 1));
  }
  const std::string_view scheme = url.substr(0, scheme_end);
  const std::size_t begin = scheme_end + 3;
  const std::size_t slash = std::min(url.find_first_of("/?#", begin), url.size());
  const std::string_view authority = url.substr(begin, slash - begin);
  const std::size_t sign = authority.rfind('@');
  std::string result(url.substr(0, begin));
  if (sign == std::string_view::npos) {
    result += authority;
  } else {
    const std::string_view user = authority.substr(0, sign);
    const bool keep =
        scheme.find("ssh") != std::string_view::npos && user.find(':') == std::string_view::npos;
    result += keep ? authority : authority.substr(sign + 1);
  }
  const std::string_view rest = url.substr(slash);
  if (scheme == "file") return result + std::string(rest);
  result += rest.substr(0, std::min(rest.find_first_of("?#"), rest.size()));
  return result;
}

}  // namespace provrun::policy
