/*
 * Threads of each operating system: start, join, wait until a word changes, wake.
 *
 * Linux waits with the futex system call through `syscall`, which glibc and musl both have, so one library serves both.
 * In wasm the host starts and ends the threads.
 */
#pragma once
#include "vec.h"

struct net;
struct worker;
static void worker_loop(struct net *net, int thread); /* defined in pool.h */

/* Tells the CPU that this thread spins. */
INLINE void cpu_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#if defined(__wasm__)

/* Sleeps while *word == value, and may return early. */
static void wait_while_equal(uint32_t *word, uint32_t value) {
  __builtin_wasm_memory_atomic_wait32((int32_t *)word, (int32_t)value, -1);
}
static void wake_all(uint32_t *word) { __builtin_wasm_memory_atomic_notify((int32_t *)word, UINT32_MAX); }

#elif defined(_WIN32)

#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

struct worker {
  HANDLE thread;
  struct net *net;
  int index;
};

static void wait_while_equal(uint32_t *word, uint32_t value) { WaitOnAddress(word, &value, sizeof value, INFINITE); }
static void wake_all(uint32_t *word) { WakeByAddressAll(word); }

static DWORD WINAPI worker_main(LPVOID argument) {
  const struct worker *worker = argument;
  worker_loop(worker->net, worker->index);
  return 0;
}
/* Returns 0 if the system refuses. */
static int start_worker(struct worker *worker) {
  worker->thread = CreateThread(NULL, 0, worker_main, worker, 0, NULL);
  return worker->thread != NULL;
}
static void join_worker(struct worker *worker) {
  WaitForSingleObject(worker->thread, INFINITE);
  CloseHandle(worker->thread);
}

/* A library without the C runtime defines these itself: the floating-point marker, and functions that compilers call. */
int _fltused;
__attribute__((no_builtin("memset"))) void *memset(void *at, int value, size_t count) {
  for (size_t i = 0; i < count; i++) ((char *)at)[i] = (char)value;
  return at;
}
__attribute__((no_builtin("memcpy"))) void *memcpy(void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}
BOOL WINAPI DllMainCRTStartup(HINSTANCE library, DWORD reason, LPVOID reserved) {
  (void)library, (void)reason, (void)reserved;
  return TRUE;
}

#else

#include <pthread.h>
#include <signal.h>

struct worker {
  pthread_t thread;
  struct net *net;
  int index;
};

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 }; /* as in linux/futex.h */
static void wait_while_equal(uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}
static void wake_all(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0); }
#else
static pthread_mutex_t sleeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static void wait_while_equal(uint32_t *word, uint32_t value) {
  pthread_mutex_lock(&sleeping);
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) pthread_cond_wait(&changed, &sleeping);
  pthread_mutex_unlock(&sleeping);
}
static void wake_all(uint32_t *word) {
  (void)word;
  pthread_mutex_lock(&sleeping);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&sleeping);
}
#endif

static void *worker_main(void *argument) {
  const struct worker *worker = argument;
  worker_loop(worker->net, worker->index);
  return NULL;
}
/* Returns 0 if the system refuses. The thread blocks all signals, so the host's threads handle them. */
static int start_worker(struct worker *worker) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failed = pthread_create(&worker->thread, NULL, worker_main, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return !failed;
}
static void join_worker(struct worker *worker) { pthread_join(worker->thread, NULL); }

#endif
