#include "provrun/hash/sha256.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::hash {

namespace {

// Fetched once: looking an algorithm up by name costs more than hashing a small file.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (algorithm == nullptr)
    throw base::Error(base::ErrorCode::unsupported, "OpenSSL offers no SHA-256 here");
  return algorithm;
}

}  // namespace

std::string Digest::to_hex() const {
  return base::to_hex(bytes);
}

std::optional<Digest> parse_digest(std::string_view hex) {
  const auto bytes = base::from_hex(hex);
  if (!bytes || bytes->size() != 32) return std::nullopt;
  Digest digest;
  std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
  return digest;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    if (context == nullptr) throw std::bad_alloc();
    EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr);
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::uint8_t> bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

Digest Sha256::finish() {
  Digest digest;
  EVP_DigestFinal_ex(state_->context, digest.bytes.data(), nullptr);
  EVP_DigestInit_ex2(state_->context, sha256_algorithm(), nullptr);
  return digest;
}

Digest sha256(std::span<const std::uint8_t> bytes) {
  thread_local Sha256 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

Digest sha256(std::string_view bytes) {
  thread_local Sha256 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

Digest hmac_sha256(std::span<const std::uint8_t> key, std::string_view message) {
  Digest digest;
  unsigned int length = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(message.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, message.size(),
           digest.bytes.data(), &length) == nullptr)
    throw base::Error(base::ErrorCode::unsupported, "OpenSSL offers no HMAC here");
  return digest;
}

}  // namespace provrun::hash
