// The files of a site that is made ahead. What has not changed is not written, and no reader gets half a file.

import { mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

export class Folder {
  written = [];
  removed = [];

  constructor(path) { this.root = resolve(path); }

  /** The file of a page's path: `/about/` is `about/index.html`. */
  #file(path) {
    const file = join(this.root, path.endsWith("/") ? `${path}index.html` : path);
    if (relative(this.root, file).startsWith("..")) throw new Error(`${path} is not below ${this.root}`);
    return file;
  }

  async read(path) {
    return readFile(this.#file(path)).catch((error) => {
      if (["ENOENT", "ENOTDIR"].includes(error.code)) return null;
      throw error;
    });
  }

  async write(path, content) {
    const bytes = Buffer.from(content);
    if ((await this.read(path))?.equals(bytes)) return;
    const file = this.#file(path);
    await mkdir(dirname(file), { recursive: true });
    // Beside it, so that the rename stays in one file system.
    const temporary = `${file}.${process.pid}.new`;
    await writeFile(temporary, bytes);
    await rename(temporary, file);
    this.written.push(path);
  }

  async remove(path) {
    const file = this.#file(path);
    await rm(file, { force: true });
    // A folder in which there is something else stays.
    if (path.endsWith("/")) await rmdir(dirname(file)).catch(() => {});
    this.removed.push(path);
  }
}
