// Words of the library that the community's translation lacks or puts otherwise than our checks.
export default {};
