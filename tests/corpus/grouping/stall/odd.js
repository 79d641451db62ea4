// What is thrown and is no error; where it is caught decides what is known of it, so it is always caught.
export function plain(ids) {
  return Promise.reject(`code ${ids.number()} of ${ids.email()}`);
}

export function thrown(ids) {
  throw { code: ids.number(), reason: ids.word() };
}

export const CAUSES = { plain, thrown };
