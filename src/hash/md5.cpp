#include "provrun/hash/md5.hpp"

#include <openssl/evp.h>

#include <new>

#include "provrun/base/error.hpp"

namespace provrun::hash {

namespace {

const EVP_MD* md5_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  if (algorithm == nullptr)
    throw base::Error(base::ErrorCode::unsupported, "OpenSSL offers no MD5 here");
  return algorithm;
}

}  // namespace

struct Md5::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    if (context == nullptr) throw std::bad_alloc();
    try {
      EVP_DigestInit_ex2(context, md5_algorithm(), nullptr);
    } catch (...) {
      EVP_MD_CTX_free(context);
      throw;
    }
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Md5::Md5() : state_(std::make_unique<State>()) {}
Md5::~Md5() = default;
Md5::Md5(Md5&&) noexcept = default;
Md5& Md5::operator=(Md5&&) noexcept = default;

void Md5::update(std::span<const std::uint8_t> bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

Md5Digest Md5::finish() {
  Md5Digest digest;
  EVP_DigestFinal_ex(state_->context, digest.bytes.data(), nullptr);
  EVP_DigestInit_ex2(state_->context, md5_algorithm(), nullptr);
  return digest;
}

Md5Digest md5(std::span<const std::uint8_t> bytes) {
  thread_local Md5 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace provrun::hash
