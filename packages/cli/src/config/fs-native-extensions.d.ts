/** The part of fs-native-extensions that is used here; the package ships no types. */
declare module 'fs-native-extensions' {
  interface FsNativeExtensions {
    /**
     * Takes the exclusive lock of an open file without waiting; the kernel gives it back when the descriptor
     * is closed, by whatever end the process comes to.
     *
     * @returns whether the lock was got.
     */
    tryLock(fd: number): boolean
  }
  const fsNativeExtensions: FsNativeExtensions
  export default fsNativeExtensions
}
