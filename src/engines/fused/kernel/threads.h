/*
 * What a network's threads need of the operating system: to start, to end, to sleep until a word changes, to wake.
 *
 * Linux waits by the futex system call, called through `syscall`, which glibc and musl both have: one file serves both.
 * In wasm the host starts and ends the threads.
 */
#pragma once
#include "vec.h"

struct net;
struct worker;
static void serve(struct net *net, int part); /* the life of a thread, in pool.h */

INLINE void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#if defined(__wasm__)

static void sleep_while(uint32_t *word, uint32_t value) {
  __builtin_wasm_memory_atomic_wait32((int32_t *)word, (int32_t)value, -1);
}
static void wake_all(uint32_t *word) { __builtin_wasm_memory_atomic_notify((int32_t *)word, UINT32_MAX); }

#elif defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

struct worker {
  HANDLE thread;
  struct net *net;
  int part;
};

static void sleep_while(uint32_t *word, uint32_t value) { WaitOnAddress(word, &value, sizeof value, INFINITE); }
static void wake_all(uint32_t *word) { WakeByAddressAll(word); }

static DWORD WINAPI serve_worker(LPVOID argument) {
  const struct worker *worker = argument;
  serve(worker->net, worker->part);
  return 0;
}
/* Whether it could. */
static int start_worker(struct worker *worker) {
  worker->thread = CreateThread(NULL, 0, serve_worker, worker, 0, NULL);
  return worker->thread != NULL;
}
static void await_worker(struct worker *worker) {
  WaitForSingleObject(worker->thread, INFINITE);
  CloseHandle(worker->thread);
}

/* What a library without the C runtime has to bring: a mark that it uses floating point, and what compilers call. */
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
  int part;
};

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
enum { WAIT_PRIVATE = 128, WAKE_PRIVATE = 129 }; /* FUTEX_WAIT and FUTEX_WAKE among the threads of one process */
static void sleep_while(uint32_t *word, uint32_t value) { syscall(SYS_futex, word, WAIT_PRIVATE, value, NULL, NULL, 0); }
static void wake_all(uint32_t *word) { syscall(SYS_futex, word, WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0); }
#else
static pthread_mutex_t sleeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static void sleep_while(uint32_t *word, uint32_t value) {
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

static void *serve_worker(void *argument) {
  const struct worker *worker = argument;
  serve(worker->net, worker->part);
  return NULL;
}
/* Whether it could. All signals are for the host's threads. */
static int start_worker(struct worker *worker) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failed = pthread_create(&worker->thread, NULL, serve_worker, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return !failed;
}
static void await_worker(struct worker *worker) { pthread_join(worker->thread, NULL); }

#endif
